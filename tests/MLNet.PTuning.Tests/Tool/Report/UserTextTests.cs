// Whatever a data file's texts hold, a report shows them as text.
using System.Text;
using AngleSharp.Html.Parser;
using MLNet.PTuning.Tool.Report;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tests.Tool.Report;

public class UserTextTests
{
    private static readonly string[] Pieces =
    [
        "<script>alert(1)</script>", "</style>", "<!--", "-->", "]]>", "<img src=x onerror=alert(1)>", "\" onload=\"x", "' '", "&amp;", "&#0;", "&lt;b&gt;", "\0", "\u0001", "\u001b[31m", "\u007f", "\u0085", "\r\n", "\r", "\n", "\t",
        "مرحبا", "שלום", "\u202e", "\u2066", "\ud83d\ude00", "\ud83d", "\ude00", "\uffff", "\ufdd0", "e\u0301", "a, b", "{0}", "word ", "</bdi>", "<svg><style>*{}", "url(https://example.com/x)", "javascript:alert(1)", "  ",
    ];

    [Fact]
    public void Any_text_is_shown_as_it_is_and_no_part_of_it_becomes_markup()
    {
        var random = new Random(1);
        for (int round = 0; round < 60; round++)
        {
            string[] classes = [.. Enumerable.Range(0, 4).Select(i => Text(random, 3) + i)];
            ClassifiedText[] rows = [.. Enumerable.Range(0, 12).Select(i => new ClassifiedText(Text(random, 2), Text(random, 12), i % 2 == 0 ? Text(random, 5) : null, classes[i % 4], classes[random.Next(4)], [0.7f, 0.1f, 0.1f, 0.1f]))];
            var run = TestRuns.Classified(rows, classes);
            run = run with
            {
                CommandLine = Text(random, 5), BackboneFolder = Text(random, 3), ModelFile = Text(random, 3), Version = Text(random, 2), BackboneHash = Text(random, 2),
                Data = run.Data with { Warnings = [Text(random, 4)], Columns = [new("Text", Text(random, 3), 0, Text(random, 3), Text(random, 2))], TrainingFile = run.Data.TrainingFile with { Path = Text(random, 3), Encoding = Text(random, 1) } },
                Search = new SearchReport([new(new PromptSetting(4, 0.01, 0.1, false, 1), 1, 2, null, null, 1.5, Text(random, 4))], 5),
            };
            var figures = ReportFigures.Of(run);
            string html = ReportPage.Of(run, figures);
            Assert.DoesNotContain(html, c => char.IsControl(c) && c is not ('\n' or '\t'));
            Assert.Equal(html, new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(html)));
            var page = new HtmlParser(new HtmlParserOptions { IsStrictMode = true }).ParseDocument(html);
            Assert.Empty(page.QuerySelectorAll("script, img, iframe, b b, bdi *"));
            Assert.Single(page.QuerySelectorAll("style"));
            Assert.DoesNotContain(page.All.SelectMany(e => e.Attributes), a => a.Name.StartsWith("on", StringComparison.Ordinal));
            string[] shown = [.. page.QuerySelectorAll(".mistakes dl").Select(dl => dl.QuerySelector("dd")!.TextContent)];
            Assert.Equal(figures.Mistakes.Select(m => Expected(((ClassifiedText)rows[m.Row]).Text)), shown);
        }
    }

    [Theory]
    [InlineData(600, "")]
    [InlineData(601, "(cut; 601 characters)")]
    [InlineData(1234567, "(cut; 1,234,567 characters)")]
    public void A_long_text_is_cut_and_its_length_said(int length, string said)
    {
        string shown = UserText.Shown(new string('x', length)).Html;
        Assert.InRange(shown.Length, 600, 700);
        Assert.Equal(said.Length > 0, shown.Contains("cut;", StringComparison.Ordinal));
        Assert.Contains(said, shown);
    }

    [Fact]
    public void No_pair_of_surrogates_and_no_letter_with_its_marks_is_cut_apart()
    {
        Assert.Contains(">ab…<", UserText.Shown("ab\ud83d\ude00c", longest: 3).Html);
        Assert.Contains(">a…<", UserText.Shown("ae\u0301c", longest: 2).Html);
        Assert.Contains("…", UserText.Shown("e" + new string('\u0301', 5000), longest: 100).Html);
    }

    private static string Text(Random random, int pieces) => string.Concat(random.GetItems(Pieces, 1 + random.Next(pieces)));

    // As a reader sees it: control characters as their pictures, one kind of line end, no halves of pairs; cut at 600.
    private static string Expected(string text)
    {
        Assert.True(text.Length <= 600);
        string lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        return string.Concat(lines.EnumerateRunes().Select(rune => rune.Value switch
        {
            '\n' or '\t' => ((char)rune.Value).ToString(),
            < ' ' => ((char)(0x2400 + rune.Value)).ToString(),
            0x7f => "\u2421",
            0x85 or 0xffff or 0xfdd0 => "\ufffd",
            _ => rune.ToString(),
        }));
    }
}
