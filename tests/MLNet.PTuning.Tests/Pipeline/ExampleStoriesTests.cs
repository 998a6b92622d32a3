// The text generation example's own data: what its README says of them.
namespace MLNet.PTuning.Tests.Pipeline;

public sealed class ExampleStoriesTests
{
    private static string[] Lines => File.ReadAllLines(Examples.At("TextGeneration", "data", "stories.tsv"));

    [Fact]
    public void There_are_330_stories_each_with_an_opening_and_an_ending_of_its_own()
    {
        Assert.Equal("Opening\tEnding", Lines[0]);
        string[][] stories = [.. Lines.Skip(1).Select(line => line.Split('\t'))];
        Assert.Equal(330, stories.Length);
        Assert.All(stories, story => Assert.Equal(2, story.Length));
        Assert.All(new[] { 0, 1 }, column => Assert.Equal(stories.Length, stories.Select(story => story[column]).Distinct().Count()));
    }

    [Fact]
    public void Every_ending_closes_with_what_somebody_learned() =>
        Assert.All(Lines.Skip(1), line => Assert.Matches(@"\. [^.]*(learned|knew that)[^.]*\.$", line));
}
