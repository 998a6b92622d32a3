// Plain text into the words that labels are given to.
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Text;

public class WordSplitterTests
{
    [Theory]
    [InlineData("Ann saw U.S. troops.", "Ann|saw|U.S|.|troops|.")]
    [InlineData("  \"It's\" well-known, isn't it?", "\"|It's|\"|well-known|,|isn't|it|?")]
    [InlineData("3.14 a@b.org A/B", "3.14|a@b.org|A/B")]
    [InlineData("他在台湾Taipei住", "他|在|台|湾|Taipei|住")]
    [InlineData("a\u3000b\tc\nd", "a|b|c|d")]
    [InlineData("don\u2019t (stop)", "don\u2019t|(|stop|)")]
    [InlineData("foo(bar) a;b Paris,France 1,000 12:30", "foo|(|bar|)|a|;|b|Paris|,|France|1,000|12:30")]
    [InlineData("👨‍👩‍👧 ok👍🏽 ❤️ 1️⃣ 🇫🇷🇩🇪", "👨‍👩‍👧|ok|👍🏽|❤️|1️⃣|🇫🇷|🇩🇪")]
    [InlineData("e\u0301t\u00e9 \u0301x क्षत्रिय", "e\u0301t\u00e9|\u0301x|क्षत्रिय")]
    [InlineData("", "")]
    [InlineData(" \n ", "")]
    public void Words_are_split_from_white_space_punctuation_and_ideographs(string text, string words) =>
        // Joined, for xunit compares the strings of a collection by culture, to which joiners and selectors are nothing.
        Assert.Equal(words, string.Join('|', WordSplitter.Split(text).Select(w => text[w.Start..w.End])));

    [Theory]
    [InlineData("Alice met Bob in Paris , number 0.", "Alice|met|Bob|in|Paris|,|number|0.")]
    [InlineData(" a\u00a0b\u3000c\u2028d ", "a|b|c|d")]
    [InlineData("他在Taipei 👍🏽!", "他在Taipei|👍🏽!")]
    public void At_white_space_alone_nothing_else_divides(string text, string words) =>
        Assert.Equal(words, string.Join('|', WordSplitter.Split(text, WordSplitting.WhiteSpace).Select(w => text[w.Start..w.End])));

    [Theory]
    [InlineData(WordSplitting.Punctuation)]
    [InlineData(WordSplitting.WhiteSpace)]
    public void Every_unit_of_random_text_that_is_no_white_space_is_in_one_word(WordSplitting splitting)
    {
        var random = new Random(1);
        for (int trial = 0; trial < 4000; trial++)
        {
            string text = RandomText.Next(random, random.Next(30));
            int at = 0;
            foreach (var (start, end) in WordSplitter.Split(text, splitting))
            {
                Assert.True(start >= at && end > start, $"word {start}..{end} after {at}");
                Assert.True(string.IsNullOrWhiteSpace(text[at..start]));
                Assert.DoesNotContain(text[start..end], char.IsWhiteSpace);
                at = end;
            }
            Assert.True(string.IsNullOrWhiteSpace(text[at..]));
        }
    }

    [Fact]
    public void No_word_ends_within_what_a_reader_sees_as_one_character()
    {
        var random = new Random(2);
        for (int trial = 0; trial < 4000; trial++)
        {
            // Clusters are found from the run's beginning on, for white space divides them.
            string text = string.Concat(RandomText.Next(random, random.Next(30)).Where(c => !char.IsWhiteSpace(c)));
            var ends = System.Globalization.StringInfo.ParseCombiningCharacters(text).Append(text.Length).ToHashSet();
            Assert.All(WordSplitter.Split(text), word => Assert.True(ends.Contains(word.Start) && ends.Contains(word.End), $"{word} of '{text}'"));
        }
    }
}
