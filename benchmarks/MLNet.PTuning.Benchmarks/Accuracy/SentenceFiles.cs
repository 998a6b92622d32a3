// The data sets of sentences and pairs of sentences, and the forms of their files.
using System.Text.Json;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Benchmarks.Accuracy;

/// <summary>A sentence, or a pair, with its label.</summary>
internal sealed record Sentence(string Label, string Text, string Second = "");

/// <summary>A data set with a row a line.</summary>
/// <param name="Folder">Its folder among the data sets.</param>
/// <param name="TrainFile">Training rows.</param>
/// <param name="DevelopmentFile">The rows that are scored.</param>
/// <param name="Row">Reads a line.</param>
internal sealed record SentenceFiles(string Folder, string TrainFile, string DevelopmentFile, Func<string, Sentence> Row)
{
    /// <summary>The Stanford Sentiment Treebank with two classes: tab-separated label and text under a heading.</summary>
    public static readonly SentenceFiles Sst2 = new("sst2", "train.tsv", "dev.tsv", Cells('\t', c => new(c[0], c[1]))) { HasHeading = true };

    /// <summary>TREC's questions by what they ask for, six classes: the label's number, a blank, the question. Scored on the test file.</summary>
    public static readonly SentenceFiles Trec = new("trec", "TREC.train.all", "TREC.test.all", Cells(' ', c => new(c[0], string.Join(' ', c[1..]))));

    /// <summary>The Corpus of Linguistic Acceptability: tab-separated source, label, mark and sentence. The score is Matthews' correlation.</summary>
    public static readonly SentenceFiles Cola = new("cola", "train.tsv", "dev.tsv", Cells('\t', c => new(c[1], c[3]))) { Score = SentenceTask.Matthews };

    /// <summary>Microsoft's Research Paraphrase Corpus: tab-separated label, two ids and two sentences under a heading.</summary>
    public static readonly SentenceFiles Mrpc = new("mrpc", "train.tsv", "dev.tsv", Cells('\t', c => new(c[0], c[3], c[4]))) { HasHeading = true, IsPairs = true };

    /// <summary>Recognizing textual entailment: tab-separated index, premise, hypothesis and label under a heading.</summary>
    public static readonly SentenceFiles Rte = new("rte_glue", "train.tsv", "dev.tsv", Cells('\t', c => new(c[3], c[1], c[2]))) { HasHeading = true, IsPairs = true };

    /// <summary>The 32 training rows that FewGLUE takes of it.</summary>
    public static readonly SentenceFiles FewRte = FewGlue("RTE");

    /// <summary>Those of CommitmentBank: whether the speaker of a text is committed to a clause of it, three classes.</summary>
    public static readonly SentenceFiles FewCb = FewGlue("CB");

    public bool HasHeading { get; init; }

    public bool IsPairs { get; init; }

    /// <summary>The score of predictions; null for accuracy.</summary>
    public Func<MulticlassClassificationMetrics, double>? Score { get; init; }

    public IEnumerable<Sentence> Train(Folders folders) => Read(folders, TrainFile);

    public IEnumerable<Sentence> Development(Folders folders) => Read(folders, DevelopmentFile);

    public TextClassificationOptions Options(Folders folders) => new(folders.Backbone) { TextPairColumnName = IsPairs ? nameof(Sentence.Second) : null };

    private IEnumerable<Sentence> Read(Folders folders, string file) => File.ReadLines(Path.Combine(folders.Data, Folder, file)).Skip(HasHeading ? 1 : 0).Select(Row);

    private static Func<string, Sentence> Cells(char separator, Func<string[], Sentence> row) => line => row(line.Split(separator));

    // Lines of JSON with premise, hypothesis and label.
    private static SentenceFiles FewGlue(string name)
    {
        return new(Path.Combine("superglue_fewglue32", name), "train.jsonl", "val.jsonl", line =>
        {
            using var row = JsonDocument.Parse(line);
            return new(Text("label"), Text("premise"), Text("hypothesis"));

            string Text(string field) => row.RootElement.GetProperty(field).GetString()!;
        }) { IsPairs = true };
    }
}
