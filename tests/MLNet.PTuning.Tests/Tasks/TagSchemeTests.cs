// Tags and the entities that they stand for, in every scheme.
namespace MLNet.PTuning.Tests.Tasks;

public class TagSchemeTests
{
    private static readonly TagScheme[] WithBorders = [TagScheme.Iob1, TagScheme.Iob2, TagScheme.Iobes, TagScheme.Bmes];

    [Theory]
    [InlineData(TagScheme.Iob1, "I-PER I-PER B-PER O I-LOC I-ORG")]
    [InlineData(TagScheme.Iob2, "B-PER I-PER B-PER O B-LOC B-ORG")]
    [InlineData(TagScheme.Iobes, "B-PER E-PER S-PER O S-LOC S-ORG")]
    [InlineData(TagScheme.Bmes, "B-PER E-PER S-PER O S-LOC S-ORG")]
    [InlineData(TagScheme.Plain, "PER PER PER O LOC ORG")]
    public void The_same_entities_are_written_in_every_scheme(TagScheme scheme, string tags)
    {
        TagSpan[] spans = [new(0, 2, "PER"), new(2, 3, "PER"), new(4, 5, "LOC"), new(5, 6, "ORG")];
        Assert.Equal(tags.Split(' '), Tags.FromSpans(spans, 6, scheme));
        // Plain tags have no borders between neighbours of a type.
        Assert.Equal(scheme == TagScheme.Plain ? [new(0, 3, "PER"), .. spans[2..]] : spans, Tags.ToSpans(tags.Split(' '), scheme));
    }

    [Fact]
    public void Inner_words_are_I_in_IOBES_and_M_in_BMES()
    {
        TagSpan[] spans = [new(0, 4, "X")];
        Assert.Equal(["B-X", "I-X", "I-X", "E-X"], Tags.FromSpans(spans, 4, TagScheme.Iobes));
        Assert.Equal(["B-X", "M-X", "M-X", "E-X"], Tags.FromSpans(spans, 4, TagScheme.Bmes));
    }

    [Fact]
    public void Random_entities_survive_every_conversion_there_and_back()
    {
        var random = new Random(1);
        for (int trial = 0; trial < 500; trial++)
        {
            int words = random.Next(0, 20);
            var spans = new List<TagSpan>();
            for (int at = 0; at < words;)
            {
                int length = Math.Min(1 + random.Next(4), words - at);
                if (random.Next(2) == 0) spans.Add(new TagSpan(at, at + length, "ABC"[random.Next(3)].ToString()));
                at += length;
            }
            foreach (var from in WithBorders)
                foreach (var to in WithBorders)
                {
                    string[] tags = Tags.FromSpans(spans, words, from);
                    string[] converted = Tags.Convert(tags, from, to);
                    Assert.Equal(spans, Tags.ToSpans(converted, to));
                    Assert.Equal(tags, Tags.Convert(converted, to, from));
                    Assert.All(converted, tag => Tags.Check(tag, to));
                }
        }
    }

    [Theory]
    [InlineData("B-A I-A O", TagScheme.Iob2)]
    [InlineData("I-A O B-A", TagScheme.Iob2)]
    [InlineData("B-A E-A O", TagScheme.Iobes)]
    [InlineData("O S-A", TagScheme.Iobes)]
    [InlineData("B-A M-A E-A", TagScheme.Bmes)]
    [InlineData("NOUN VERB O", TagScheme.Plain)]
    [InlineData("B-A X-A", TagScheme.Plain)]
    [InlineData("ARG0 C-ARG0 V", TagScheme.Plain)]
    [InlineData("O O", TagScheme.Plain)]
    public void A_scheme_is_guessed_from_the_tags(string tags, TagScheme expected) => Assert.Equal(expected, Tags.Guess(tags.Split(' ')));

    [Theory]
    [InlineData("E-PER", TagScheme.Iob2, "B-TYPE, I-TYPE")]
    [InlineData("M-PER", TagScheme.Iobes, "S-TYPE")]
    [InlineData("PER", TagScheme.Bmes, "M-TYPE")]
    [InlineData("B-", TagScheme.Iob1, "I-TYPE")]
    public void A_tag_of_another_scheme_is_refused_with_those_that_there_are(string tag, TagScheme scheme, string named)
    {
        string message = Assert.Throws<ArgumentException>(() => Tags.Check(tag, scheme)).Message;
        Assert.Contains($"'{tag}'", message);
        Assert.Contains(named, message);
    }

    [Theory]
    [InlineData(0, 2, 1, 3)]
    [InlineData(0, 1, 4, 6)]
    [InlineData(0, 0, 1, 2)]
    [InlineData(2, 3, 0, 1)]
    public void Entities_that_overlap_or_lie_outside_are_refused(int start, int end, int nextStart, int nextEnd) =>
        Assert.Throws<ArgumentException>(() => Tags.FromSpans([new(start, end, "A"), new(nextStart, nextEnd, "A")], 5, TagScheme.Iob2));
}
