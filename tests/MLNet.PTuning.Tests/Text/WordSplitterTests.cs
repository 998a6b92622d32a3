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
    [InlineData("", "")]
    [InlineData(" \n ", "")]
    public void Words_are_split_from_white_space_punctuation_and_ideographs(string text, string words) =>
        Assert.Equal(words.Split('|', StringSplitOptions.RemoveEmptyEntries), WordSplitter.Split(text).Select(w => text[w.Start..w.End]));

    [Fact]
    public void Every_unit_of_random_text_that_is_no_white_space_is_in_one_word()
    {
        var random = new Random(1);
        for (int trial = 0; trial < 2000; trial++)
        {
            string text = RandomText.Next(random, random.Next(30));
            int at = 0;
            foreach (var (start, end) in WordSplitter.Split(text))
            {
                Assert.True(start >= at && end > start, $"word {start}..{end} after {at}");
                Assert.True(string.IsNullOrWhiteSpace(text[at..start]));
                Assert.DoesNotContain(text[start..end], char.IsWhiteSpace);
                at = end;
            }
            Assert.True(string.IsNullOrWhiteSpace(text[at..]));
        }
    }
}
