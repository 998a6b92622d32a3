// A phrase is found as whole words near its index, whatever its case and punctuation.
using MLNet.PTuning.Text;

namespace MLNet.PTuning.Tests.Text;

public class PhraseSearchTests
{
    [Theory]
    [InlineData("the demonstrators and the police", "The demonstrators", 0, "the demonstrators")]
    [InlineData("He told him,\" and left.", "him", 2, "him")]
    [InlineData("Emma's mother", "Emma", 0, "Emma")]
    [InlineData("put it down , she said", "it down, she", 1, "it down , she")]
    [InlineData("but they scold them", "theyscold", 1, "they scold")]
    [InlineData("so 😀 waits", "😀", 1, "😀")]
    [InlineData("the café is", "cafe\u0301", 1, null)]
    [InlineData("the cafe\u0301 is", "café", 1, null)]
    [InlineData("she is here", "he", 0, null)]
    [InlineData("the house", "house boat", 1, null)]
    [InlineData("a - b", "-", 1, null)]
    [InlineData("", "a", 0, null)]
    public void Whole_words_are_found_whatever_their_case_and_punctuation(string text, string phrase, int word, string? found) =>
        Assert.Equal(found, PhraseSearch.Find(text, phrase, word) is var (start, end) ? text[start..end] : null);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 6)]
    [InlineData(4, 12)]
    [InlineData(3, 6)]
    [InlineData(int.MaxValue, 12)]
    public void The_place_nearest_the_index_is_taken_and_of_two_the_first(int word, int start) =>
        Assert.Equal((start, start + 2), PhraseSearch.Find("it is it or it", "It", word));

    [Theory]
    [InlineData("So, Ann came, and, I hear, Bob too. Ann and I know Bob.", 1, "Ann came, and, I hear, Bob")]
    [InlineData("So, Ann came, and, I hear, Bob too. Ann and I know Bob.", 8, "Ann and I know Bob")]
    [InlineData("So, Bob and Ann came.", 1, null)]
    public void Words_with_others_between_them_are_found_where_they_are_not_together(string text, int word, string? found) =>
        Assert.Equal(found, PhraseSearch.Find(text, "Ann and Bob", word) is var (start, end) ? text[start..end] : null);
}
