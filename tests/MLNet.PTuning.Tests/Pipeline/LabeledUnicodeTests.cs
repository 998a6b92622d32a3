// There are as many labels as words, whatever characters the words have.
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Text;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class LabeledUnicodeTests
{
    private const int Rows = 10_000;

    [Fact]
    public void Ten_thousand_rows_of_random_words_have_a_label_a_word()
    {
        using var backbone = new TinyBackbone();
        var options = Sentences.Options(backbone);
        (options.Epochs, options.PredictionBatchSize) = (1, 500);
        using var labeler = Sentences.Train(options, Sentences.Rows(16));
        var random = new Random(1);
        var rows = Enumerable.Range(0, Rows).Select(_ => new Sentence
        {
            Words = [.. Enumerable.Range(0, random.Next(6)).Select(_ => RandomText.Next(random, random.Next(8)))],
        }).ToList();
        var predicted = Sentences.Predict<LabeledSentence>(labeler, rows);
        Assert.Equal(Rows, predicted.Count);
        foreach (var (row, labels) in rows.Zip(predicted))
        {
            Assert.Equal(row.Words.Length, labels.PredictedLabel.Length);
            Assert.Equal(row.Words.Length * labeler.ClassNames.Count, labels.Score.Length);
            foreach (uint key in labels.PredictedLabel) Assert.InRange(key, 1u, (uint)labeler.ClassNames.Count);
        }
    }
}
