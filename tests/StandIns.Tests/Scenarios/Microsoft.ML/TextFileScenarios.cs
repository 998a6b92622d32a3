// Text files: formats, quoting, missing and malformed values.
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using static StandIns.Tests.Observe;

namespace StandIns.Tests;

public static partial class TextFileScenarios
{
    private static readonly MLContext Ml = new(seed: 1);

    private sealed class Review
    {
        [LoadColumn(0)]
        public string Text { get; set; } = "";

        [LoadColumn(1)]
        public float Score { get; set; }
    }

    private sealed class Two
    {
        [LoadColumn(0)]
        public string A { get; set; } = "";

        [LoadColumn(1)]
        public string B { get; set; } = "";
    }

    /// <summary>All rows of a file with the given content, read with the columns of <typeparamref name="T"/>.</summary>
    private static object? Read<T>(string content, char separator = '\t', bool header = false, bool quoting = false, bool trim = false, bool sparse = false)
    {
        using var folder = new TempFolder();
        string path = folder.Write("data.txt", content);
        return folder.Try(() => Show.Rows(Ml.Data.LoadFromTextFile<T>(path, separator, header, quoting, trim, sparse)));
    }

    /// <summary>All rows of a file of two text columns, read with <paramref name="options"/>.</summary>
    private static object? Read(string content, TextLoader.Options options)
    {
        using var folder = new TempFolder();
        string path = folder.Write("data.txt", content);
        options.Columns ??= [new("A", DataKind.String, 0), new("B", DataKind.String, 1)];
        return folder.Try(() => Show.Rows(Ml.Data.LoadFromTextFile(path, options)));
    }

    public static object? TabSeparated() => Read<Review>("fine\t1.5\nbad\t-2\n");

    public static object? CommaSeparated() => Read<Review>("fine,1.5\nbad,-2\n", ',');

    public static object? OtherSeparators() => new
    {
        semicolon = Read<Two>("a;b\n", ';'),
        space = Read<Two>("a b\n", ' '),
        pipe = Read<Two>("a|b\n", '|'),
        colon = Read<Two>("a:b\n", ':'),
        letter = Read<Two>("axb\n", 'x'),
        quote = Read<Two>("a\"b\n", '"'),
        lineEnd = Read<Two>("a\nb\n", '\n'),
    };

    public static object? SeveralSeparators() => new
    {
        both = Read("a,b\nc\td\n", new TextLoader.Options { Separators = [',', '\t'] }),
        none = Read("a\tb\n", new TextLoader.Options { Separators = [] }),
        byDefault = Read("a\tb\n", new TextLoader.Options()),
    };

    public static object? NoLineEndAtTheEnd() => Read<Review>("fine\t1\nbad\t2");

    public static object? WindowsLineEnds() => new
    {
        crlf = Read<Two>("a\tb\r\nc\td\r\n"),
        mixed = Read<Two>("a\tb\r\nc\td\ne\tf\rg\th\n"),
        quoted = Read<Two>("\"a\"\t\"b\"\r\n\"c\"\t\"d\"\r\n", quoting: true),
    };

    public static object? ByteOrderMark()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder["utf8.txt"], "é\tb\n", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        File.WriteAllText(folder["utf16.txt"], "é\tb\n", Encoding.Unicode);
        return new
        {
            utf8 = Show.Rows(Ml.Data.LoadFromTextFile<Two>(folder["utf8.txt"])),
            utf16 = Show.Rows(Ml.Data.LoadFromTextFile<Two>(folder["utf16.txt"])),
        };
    }

    public static object? Unicode() => Read<Two>("naïve café\t你好\n😀 smile\te\u0301\n");

    public static object? BadUtf8()
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder["data.txt"], [(byte)'a', 0xFF, (byte)'\t', 0xC3, (byte)'\n']);
        return Show.Rows(Ml.Data.LoadFromTextFile<Two>(folder["data.txt"]));
    }

    public static object? Header() => new
    {
        skipped = Read<Review>("Text\tScore\nfine\t1\n", header: true),
        taken = Read<Review>("Text\tScore\nfine\t1\n", header: false),
        only = Read<Review>("Text\tScore\n", header: true),
        afterEmptyLines = Read<Review>("\n\nText\tScore\nfine\t1\n", header: true),
        afterComment = Read<Review>("// note\nText\tScore\nfine\t1\n", header: true),
    };

    public static object? EmptyLines() => Read<Two>("a\tb\n\n\nc\td\n   \n\t\n");

    public static object? CommentLines() => Read<Two>("// a\tb\n//c\td\n e // f\tg\n#h\ti\n //j\tk\n");

    public static object? EmptyFile() => new
    {
        rows = Read<Two>(""),
        withHeader = Read<Two>("", header: true),
        newLineOnly = Read<Two>("\n"),
    };

    public static object? QuotingOff() => Read<Two>("\"a\"\t\"b\tc\"\nsay \"hi\"\tx\n");

    public static object? QuotingOn() => new
    {
        separatorInside = Read<Two>("\"a,b\",c\n", ',', quoting: true),
        doubledQuotes = Read<Two>("\"say \"\"hi\"\"\",c\n", ',', quoting: true),
        quoteInTheMiddle = Read<Two>("say \"hi\",c\n", ',', quoting: true),
        textAfterQuote = Read<Two>("\"a\"b,c\n", ',', quoting: true),
        spaceBeforeQuote = Read<Two>(" \"a\" , \"b\"\n", ',', quoting: true),
        spaceInside = Read<Two>("\" a \",b\n", ',', quoting: true),
        emptyQuotes = Read<Two>("\"\",b\n", ',', quoting: true),
        notClosed = Read<Two>("\"a,b\nc,d\n", ',', quoting: true),
        lineEndInside = Read<Two>("\"a\nb\",c\nd,e\n", ',', quoting: true),
        commentInside = Read<Two>("\"// a\",b\n", ',', quoting: true),
    };

    public static object? QuotedNumbers() => Read<Review>("a,\"1.5\"\nb,\" 2 \"\nc,\"\"\n", ',', quoting: true);

    public static object? ReadMultilines()
    {
        object? Lines(string content) => Read(content, new TextLoader.Options { Separators = [','], AllowQuoting = true, ReadMultilines = true });
        return new
        {
            inside = Lines("\"a\nb\",c\nd,e\n"),
            windows = Lines("\"a\r\nb\",c\r\nd,e\r\n"),
            emptyLineInside = Lines("\"a\n\nb\",c\n"),
            doubledQuotes = Lines("\"a \"\"q\"\"\nb\",c\n"),
            secondField = Lines("x,\"a\nb\"\ny,z\n"),
            notClosed = Lines("\"a\nb,c\nd,e\n"),
            withoutQuoting = Read("\"a\nb\",c\n", new TextLoader.Options { Separators = [','], ReadMultilines = true }),
        };
    }

    public static object? EscapeCharacter() => new
    {
        backslash = Read("\"a \\\"q\\\" b\",c\n", new TextLoader.Options { Separators = [','], AllowQuoting = true, EscapeChar = '\\' }),
        doubledWithBackslash = Read("\"a \"\"q\"\" b\",c\n", new TextLoader.Options { Separators = [','], AllowQuoting = true, EscapeChar = '\\' }),
        backslashUnquoted = Read("a\\,b,c\n", new TextLoader.Options { Separators = [','], AllowQuoting = true, EscapeChar = '\\' }),
    };

    public static object? TrimWhitespace() => new
    {
        off = Read<Two>("  a  ,  b  \n", ','),
        on = Read<Two>("  a  ,  b  \n", ',', trim: true),
        onWithQuotes = Read<Two>("\"  a  \",  b  \n", ',', quoting: true, trim: true),
        numbers = Read<Review>("x, 1.5 \n", ','),
    };

    public static object? MissingValues() => Read<Review>("\t1\na\t\nb\n\t\n?\t?\nNA\tNA\nc\tNaN\n");

    public static object? MissingRealsAsNaN() => new
    {
        on = Read("1,\n,2\n", new TextLoader.Options { Separators = [','], MissingRealsAsNaNs = true, Columns = [new("A", DataKind.Single, 0), new("B", DataKind.Double, 1)] }),
        off = Read("1,\n,2\n", new TextLoader.Options { Separators = [','], Columns = [new("A", DataKind.Single, 0), new("B", DataKind.Double, 1)] }),
    };

    public static object? FloatFormats()
    {
        string[] texts = ["1", "1.5", "-1.5", "+1.5", ".5", "5.", "1e3", "1E-2", "1,5", "1 5", "1_000", "0x10", "Infinity", "-Infinity", "inf", "∞", "nan", "1e40", "1e-50", "abc", "1.5abc", "--1"];
        return texts.Select(t => new { text = t, value = Read($"x\t{t}\n", new TextLoader.Options { Columns = [new("F", DataKind.Single, 1)] }) });
    }

    public static object? IntegerFormats()
    {
        string[] texts = ["1", "-1", "+1", "007", "1.0", "1e2", "3000000000", "abc", " 5 ", ""];
        return texts.Select(t => new { text = t, value = Read($"x\t{t}\n", new TextLoader.Options { Columns = [new("I", DataKind.Int32, 1), new("U", DataKind.UInt32, 1)] }) });
    }

    public static object? BooleanFormats()
    {
        string[] texts = ["true", "True", "TRUE", "t", "yes", "y", "1", "+1", "on", "false", "f", "no", "n", "0", "-1", "off", "2", "maybe", "", " true "];
        return texts.Select(t => new { text = t, value = Read($"x\t{t}\n", new TextLoader.Options { Columns = [new("B", DataKind.Boolean, 1)] }) });
    }

    public static object? DateFormats()
    {
        string[] texts = ["2024-02-29", "2024-02-29T01:02:03", "02/29/2024", "nonsense", ""];
        return texts.Select(t => new { text = t, value = Read($"x\t{t}\n", new TextLoader.Options { Columns = [new("D", DataKind.DateTime, 1)] }) });
    }

    public static object? DecimalMarker() =>
        Read("1,5\t2.5\n", new TextLoader.Options { DecimalMarker = ',', Columns = [new("A", DataKind.Single, 0), new("B", DataKind.Single, 1)] });

    public static object? TooManyColumns() => Read<Two>("a\tb\tc\td\n");

    public static object? TooFewColumns() => Read<Two>("a\nb\tc\n");

    private sealed class Vectors
    {
        [LoadColumn(0)]
        public string Label { get; set; } = "";

        [LoadColumn(1, 3)]
        [VectorType(3)]
        public float[] Features { get; set; } = [];
    }
}
