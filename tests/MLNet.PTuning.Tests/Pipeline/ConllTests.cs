// Column files as data views: their forms, and errors that name the line.
using System.Text;
using Microsoft.ML;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class ConllTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly MLContext _ml = new(seed: 1);

    private sealed class Row
    {
        public string[] Words { get; set; } = [];
        public string[] Label { get; set; } = [];
    }

    private sealed class Role
    {
        public string[] Words { get; set; } = [];
        public string[] Label { get; set; } = [];
        public int Predicate { get; set; }
    }

    [Fact]
    public void Words_and_last_columns_are_read_and_document_marks_are_no_words()
    {
        string path = Write("-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nrejects VBZ I-VP O\n\n\nPeter NNP I-NP I-PER\n-DOCSTART- -X- O O\nlast NN\tI-NP   O");
        var rows = Read<Row>(path);
        Assert.Equal(["EU rejects", "Peter", "last"], rows.Select(r => string.Join(' ', r.Words)));
        Assert.Equal(["I-ORG O", "I-PER", "O"], rows.Select(r => string.Join(' ', r.Label)));
    }

    [Theory]
    [InlineData("a\tO\r\nb\tO\r\n\r\n\t\r\nc\tO\r\n")]
    [InlineData("\ufeffa\tO\nb\tO\n  \nc\tO\n\n\n")]
    public void Line_ends_marks_of_byte_order_and_blank_lines_do_not_matter(string content) =>
        Assert.Equal(["a b", "c"], Read<Row>(Write(content)).Select(r => string.Join(' ', r.Words)));

    [Fact]
    public void Hashes_are_words_unless_a_comment_prefix_is_set()
    {
        string path = Write("#fun\tO\nis\tO\n");
        Assert.Equal(["#fun", "is"], Read<Row>(path)[0].Words);
        Assert.Equal(["is"], Read<Row>(path, new ConllOptions { CommentPrefix = "#" })[0].Words);
    }

    [Fact]
    public void Columns_separators_and_schemes_can_be_chosen()
    {
        string path = Write("1|x\tI-A\tNew York\n2|x\tB-A\t\n");
        var options = new ConllOptions { Separator = ConllSeparator.Tab, WordColumn = -1, LabelColumn = 1, Scheme = TagScheme.Iob1, ConvertTo = TagScheme.Iobes };
        var row = Read<Row>(path, options)[0];
        Assert.Equal(["New York", ""], row.Words);
        Assert.Equal(["S-A", "S-A"], row.Label);
        Assert.Equal(["Words"], _ml.Data.LoadFromConll(path, new ConllOptions { LabelColumn = null }).Schema.Select(c => c.Name));
    }

    [Theory]
    [InlineData("# id f4 domain=en\nParis _ _ B-LOC\nis _ _ O\n\n# id f5 domain=en\nRome _ _ B-LOC\n", "Paris is|Rome", "B-LOC O|B-LOC")]
    [InlineData("# id f4\tdomain=en\n\nParis _ _ B-LOC\n", "Paris", "B-LOC")]
    [InlineData("# a licence of many words\n# and lines\n\nParis B-LOC\n", "Paris", "B-LOC")]
    [InlineData("#begin document (nw/x/01); part 000\nParis NNP (TOP B-LOC\n\n#end document\n", "Paris", "B-LOC")]
    [InlineData("# text = Paris is\nParis X B-LOC\nis Y O\n", "Paris is", "B-LOC O")]
    [InlineData("# SYM I-NP O\n1 CD I-NP O\n\n#fun NN I-NP O\n", "# 1|#fun", "O O|O")]
    [InlineData("#\tO\n#fun\tB-x\n\n# O\n", "# #fun|#", "O B-x|O")]
    [InlineData("# N=1\na N=2\n", "# a", "N=1 N=2")]
    public void Lines_with_a_hash_are_comments_where_the_lines_below_say_so(string content, string words, string labels)
    {
        var rows = Read<Row>(Write(content));
        Assert.Equal(words, string.Join('|', rows.Select(r => string.Join(' ', r.Words))));
        Assert.Equal(labels, string.Join('|', rows.Select(r => string.Join(' ', r.Label))));
    }

    [Theory]
    [InlineData("a O \nb O\u00a0\n", ConllSeparator.Blanks)]
    [InlineData("a O \nb O\n", ConllSeparator.Space)]
    [InlineData("a\tO \nb \tO\n", ConllSeparator.Tab)]
    [InlineData("a O\rb O\r", ConllSeparator.Blanks)]
    [InlineData("a O\r\r\nb O\r\r\n", ConllSeparator.Blanks)]
    [InlineData("\ufeff\ufeffa O\n\ufeffb O\n", ConllSeparator.Blanks)]
    public void Blanks_at_ends_line_ends_and_marks_of_byte_order_are_no_part_of_a_cell(string content, ConllSeparator separator)
    {
        var row = Assert.Single(Read<Row>(Write(content), new ConllOptions { Separator = separator }));
        // Joined, for xunit compares the strings of a collection by culture, which ignores a byte order mark.
        Assert.Equal("a b", string.Join(' ', row.Words));
        Assert.Equal("O O", string.Join(' ', row.Label));
    }

    [Fact]
    public void A_comment_above_every_sentence_is_one_also_where_it_has_as_many_columns_as_words()
    {
        string sentence(string source) => $"#\t{source} [2009-10-17]\n1\tAufgrund\tO\tO\n2\tParis\tB-LOC\tO\n\n";
        var rows = Read<Row>(Write(sentence("a.de") + sentence("b.de") + sentence("c.de vom 1. 2. 3.") + sentence("d.de vom")),
            new ConllOptions { WordColumn = 1, LabelColumn = 2 });
        Assert.Equal("Aufgrund Paris|Aufgrund Paris|Aufgrund Paris|Aufgrund Paris", string.Join('|', rows.Select(r => string.Join(' ', r.Words))));
    }

    [Fact]
    public void A_carriage_return_alone_ends_lines_and_sentences_and_other_separators_of_Unicode_do_not()
    {
        Assert.Equal("a b|c", string.Join('|', Read<Row>(Write("a O\rb O\r\rc O")).Select(r => string.Join(' ', r.Words))));
        Assert.Equal("a\u2028b c\u0085", string.Join(' ', Read<Row>(Write("a\u2028b O\nc\u0085 O\n"))[0].Words));
    }

    [Fact]
    public void Every_file_may_begin_with_a_byte_order_mark()
    {
        string first = Write("\ufeffa O\n", "first"), second = Write("\ufeffb O\n", "second");
        Assert.Equal("a b", string.Join(' ', _ml.Data.CreateEnumerable<Row>(_ml.Data.LoadFromConll([first, second]), false).Select(r => r.Words[0])));
    }

    [Theory]
    [InlineData("New York\tB-LOC\n", "line 1", "2 columns", "3", "Separator")]
    [InlineData("is\tO\nNew York\tB-LOC\n", "line 2", "2 columns", "3", "Separator")]
    [InlineData("New York\tB-LOC\n\nis\tO\n", "line 1", "2 columns", "3", "Separator")]
    public void A_tab_and_a_blank_inside_a_cell_is_an_error_with_its_line(string content, params string[] named) => Refused(content, new ConllOptions(), named);

    [Theory]
    [InlineData("a X\nb Y O\nc Z O\n", "line 1", "2 columns", "have 3")]
    [InlineData("a Y O\nb X Y O\nc Z O\n", "line 2", "4 columns", "have 3")]
    [InlineData("#tag\na O\n", "line 1", "1 column", "CommentPrefix")]
    public void The_line_that_differs_from_its_neighbors_is_the_one_named(string content, params string[] named) => Refused(content, new ConllOptions(), named);

    [Theory]
    [InlineData("# text = From the\n1\tFrom\tfrom\tADP\tIN\t_\t3\tcase\t_\t_\n2\tthe\tthe\tDET\tDT\t_\t3\tdet\t_\t_\n3\tAP\tAP\tPROPN\tNNP\t_\t4\tobl\t_\t_\n", "ConllU()")]
    [InlineData("#begin document (nw/x); part 000\nnw/x 0 0 Paris NNP - - - - (1)\nnw/x 0 1 is VBZ - - - - -\nnw/x 0 2 it PRP - - - - -\n", "WordColumn")]
    public void A_first_column_that_holds_no_words_is_refused(string content, string named) => Refused(content, new ConllOptions(), "WordColumn", named);

    [Fact]
    public void A_scheme_error_ends_with_one_full_stop()
    {
        string path = Write("a X-PER\n");
        Assert.DoesNotContain("..", Assert.Throws<InvalidDataException>(() => Read<Row>(path, new ConllOptions { Scheme = TagScheme.Iob2 })).Message);
    }

    [Fact]
    public void Segmentation_digits_are_removed() =>
        Assert.Equal(["科", "技", "1"], Read<Row>(Write("科0\tB-A\n技1\tI-A\n10\tO\n"), new ConllOptions { HasSegmentationDigits = true })[0].Words);

    [Fact]
    public void CoNLL_U_has_comments_multiword_ranges_and_empty_nodes()
    {
        string path = Write("# text = vámonos\n1-2\tvámonos\t_\t_\n1\tvamos\tir\tVERB\n2\tnos\tnosotros\tPRON\n2.1\tempty\t_\t_\n\n");
        var row = Read<Row>(path, ConllOptions.ConllU())[0];
        Assert.Equal(["vamos", "nos"], row.Words);
        Assert.Equal(["VERB", "PRON"], row.Label);
    }

    [Fact]
    public void A_sentence_has_a_row_for_each_of_its_predicates_and_those_without_are_counted()
    {
        var log = new List<string>();
        _ml.Log += (_, e) => log.Add(e.Message);
        string filler = string.Concat(Enumerable.Repeat("_\t", 8));
        string path = Write($"1\tYes\t{filler}_\t\n\n1\tGo\t{filler}go.01\t\n\n1\tShe\t{filler}_\tARG0\tARG1\n2\twants\t{filler}want.01\tV\t_\n3\tgoing\t{filler}go.02\tARG1\tV\n\n");
        var rows = Read<Role>(path, ConllOptions.UniversalPropBank());
        Assert.Equal([1, 2], rows.Select(r => r.Predicate));
        Assert.Equal(["ARG0 V ARG1", "ARG1 O V"], rows.Select(r => string.Join(' ', r.Label)));
        Assert.Contains(log, m => m.Contains("2 of 3 sentences have no predicate"));
    }

    [Fact]
    public void Several_files_are_read_one_after_the_other_and_again_by_every_cursor()
    {
        string first = Write("a O\n", "first"), second = Write("b O\n", "second");
        var data = _ml.Data.LoadFromConll([first, second]);
        Assert.Equal(["a", "b"], _ml.Data.CreateEnumerable<Row>(data, false).Select(r => r.Words[0]));
        File.WriteAllText(first, "c O\n");
        Assert.Equal(["c", "b"], _ml.Data.CreateEnumerable<Row>(data, false).Select(r => r.Words[0]));
    }

    [Theory]
    [InlineData("a X O\nb O\n", "line 2", "2 columns", "(line 1) have 3")]
    [InlineData("a O\n\nb\n", "line 3", "1 column", "the label in column -1 is missing")]
    [InlineData("a\tO\nb\t\n", "line 2", "the label is empty", "", ConllSeparator.Tab)]
    public void A_line_that_lacks_a_column_is_named(string content, string line, string fault, string more, ConllSeparator separator = ConllSeparator.Blanks) =>
        Refused(content, new ConllOptions { Separator = separator }, line, fault, more);

    [Fact]
    public void A_label_outside_the_scheme_is_named() => Refused("a O\nb X-PER\n", new ConllOptions { Scheme = TagScheme.Iob2 }, "line 2", "'X-PER'", "Iob2");

    [Fact]
    public void A_word_without_its_segmentation_digit_is_named() => Refused("科0 O\n技 O\n", new ConllOptions { HasSegmentationDigits = true }, "line 2", "'技'");

    [Fact]
    public void A_line_that_numbers_no_word_is_named() => Refused("1\ta\t_\tX\nx\tb\t_\tX\n", ConllOptions.ConllU(), "line 2", "'x'");

    [Fact]
    public void Predicates_without_their_columns_are_named() =>
        Refused($"\n1\ta\t{string.Concat(Enumerable.Repeat("_\t", 8))}go.01\tV\tV\n", ConllOptions.UniversalPropBank(), "line 2", "1 predicates", "2 columns");

    [Fact]
    public void Bytes_that_are_no_UTF8_are_named()
    {
        string path = _folder.Write("words", [(byte)'a', (byte)' ', (byte)'O', (byte)'\n', (byte)'b', 0xFF, (byte)' ', (byte)'O', (byte)'\n']);
        string message = Assert.Throws<InvalidDataException>(() => Read<Row>(path)).Message;
        Assert.Contains($"{path}, line 2: byte 2", message);
    }

    [Fact]
    public void A_file_of_UTF16_is_named_as_no_UTF8()
    {
        string path = _folder.Write("words", [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes("a O\n")]);
        Assert.Contains($"{path}, line 1: byte 1 of the line is not UTF-8", Assert.Throws<InvalidDataException>(() => Read<Row>(path)).Message);
    }

    [Fact]
    public void Uneven_lines_are_read_where_that_is_allowed()
    {
        string path = Write("New York\tB-LOC\nis VBZ\tx O\na O\n");
        var row = Read<Row>(path, new ConllOptions { AllowUnevenLines = true })[0];
        Assert.Equal("New is a", string.Join(' ', row.Words));
        Assert.Equal("B-LOC O O", string.Join(' ', row.Label));
        Assert.Equal("New York", Read<Row>(Write("New York\tB-LOC\n"), new ConllOptions { Separator = ConllSeparator.Tab })[0].Words[0]);
        Assert.Throws<ArgumentException>(() => _ml.Data.LoadFromConll(path, new ConllOptions { AllowUnevenLines = true, PredicateColumn = 3 }));
    }

    [Fact]
    public void The_log_says_how_many_lines_were_read_as_comments()
    {
        var log = new List<string>();
        _ml.Log += (_, e) => log.Add(e.Message);
        string path = Write("# id 1 domain=en\na _ _ O\n\n# id 2 domain=en\nb _ _ O\n");
        Read<Row>(path);
        Assert.Contains(log, m => m.Contains($"2 lines that begin with # were read as comments, first {path}, line 1"));
    }

    [Fact]
    public void Files_that_are_not_there_and_options_that_contradict_themselves_are_refused_at_once()
    {
        Assert.Contains("absent", Assert.Throws<FileNotFoundException>(() => _ml.Data.LoadFromConll(_folder.At("absent"))).Message);
        string path = Write("a O\n");
        Assert.Throws<ArgumentException>(() => _ml.Data.LoadFromConll(path, new ConllOptions { ConvertTo = TagScheme.Iob2 }));
        Assert.Throws<ArgumentException>(() => _ml.Data.LoadFromConll(path, new ConllOptions { LabelColumn = 0 }));
        Assert.Throws<ArgumentException>(() => _ml.Data.LoadFromConll(path, new ConllOptions { CommentPrefix = "" }));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Data.LoadFromConll(path, new ConllOptions { PredicateColumn = -1 }));
    }

    [SharedFact("data/conll2003/eng.testa")]
    public void CoNLL_2003_is_read_whole()
    {
        var rows = Read<Row>(Shared.At("data", "conll2003", "eng.testa"), new ConllOptions { Scheme = TagScheme.Iob1, ConvertTo = TagScheme.Iob2 });
        Assert.Equal((3250, 51362), (rows.Count, rows.Sum(r => r.Words.Length)));
        Assert.Equal(5942, rows.Sum(r => r.Label.Count(l => l.StartsWith("B-"))));
    }

    [SharedFact("data/wnut17/emerging.dev.conll")]
    public void WNUT_17_is_read_whole()
    {
        var rows = Read<Row>(Shared.At("data", "wnut17", "emerging.dev.conll"), new ConllOptions { Separator = ConllSeparator.Tab, Scheme = TagScheme.Iob2 });
        Assert.Equal((1009, 15733), (rows.Count, rows.Sum(r => r.Words.Length)));
    }

    [SharedFact("data/srl_up_english_ewt/en_ewt-up-dev.conllu")]
    public void Universal_PropBank_is_read_whole()
    {
        var rows = Read<Role>(Shared.At("data", "srl_up_english_ewt", "en_ewt-up-dev.conllu"), ConllOptions.UniversalPropBank());
        Assert.Equal(4977, rows.Count);
        Assert.All(rows, r => Assert.Equal(r.Words.Length, r.Label.Length));
        Assert.Contains(rows, r => r.Label[r.Predicate] == "V" && r.Label.Contains("ARG0"));
    }

    public void Dispose() => _folder.Dispose();

    private List<T> Read<T>(string path, ConllOptions? options = null) where T : class, new() =>
        [.. _ml.Data.CreateEnumerable<T>(_ml.Data.LoadFromConll(path, options), reuseRowObject: false)];

    private string Write(string content, string name = "words") => _folder.Write(name, Encoding.UTF8.GetBytes(content));

    private void Refused(string content, ConllOptions options, params string[] named)
    {
        string path = Write(content);
        string message = Assert.Throws<InvalidDataException>(() => Read<Row>(path, options)).Message;
        Assert.All([path, .. named], n => Assert.Contains(n, message));
    }
}
