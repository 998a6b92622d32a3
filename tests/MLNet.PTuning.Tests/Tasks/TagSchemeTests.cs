// Tags and the entities that they mark, in every scheme.
namespace MLNet.PTuning.Tests.Tasks;

public class TagSchemeTests
{
    private static readonly TagScheme[] WithBorders = [TagScheme.Iob1, TagScheme.Iob2, TagScheme.Iobes, TagScheme.Bmes, TagScheme.Bilou];

    [Theory]
    [InlineData(TagScheme.Iob1, "I-PER I-PER B-PER O I-LOC I-ORG")]
    [InlineData(TagScheme.Iob2, "B-PER I-PER B-PER O B-LOC B-ORG")]
    [InlineData(TagScheme.Iobes, "B-PER E-PER S-PER O S-LOC S-ORG")]
    [InlineData(TagScheme.Bmes, "B-PER E-PER S-PER O S-LOC S-ORG")]
    [InlineData(TagScheme.Bilou, "B-PER L-PER U-PER O U-LOC U-ORG")]
    [InlineData(TagScheme.Plain, "PER PER PER O LOC ORG")]
    public void The_same_entities_are_written_in_every_scheme(TagScheme scheme, string tags)
    {
        TagSpan[] spans = [new(0, 2, "PER"), new(2, 3, "PER"), new(4, 5, "LOC"), new(5, 6, "ORG")];
        Assert.Equal(tags.Split(' '), Tags.FromSpans(spans, 6, scheme));
        // Plain tags have no borders between neighbors of a type.
        Assert.Equal(scheme == TagScheme.Plain ? [new(0, 3, "PER"), .. spans[2..]] : spans, Tags.ToSpans(tags.Split(' '), scheme));
    }

    [Fact]
    public void Inner_words_are_I_in_IOBES_and_M_in_BMES()
    {
        TagSpan[] spans = [new(0, 4, "X")];
        Assert.Equal(["B-X", "I-X", "I-X", "E-X"], Tags.FromSpans(spans, 4, TagScheme.Iobes));
        Assert.Equal(["B-X", "M-X", "M-X", "E-X"], Tags.FromSpans(spans, 4, TagScheme.Bmes));
        Assert.Equal(["B-X", "I-X", "I-X", "L-X"], Tags.FromSpans(spans, 4, TagScheme.Bilou));
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
                if (random.Next(2) == 0) spans.Add(new TagSpan(at, at + length, new[] { "A", "B", "" }[random.Next(3)]));
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
    [InlineData("B I O", TagScheme.Iob2)]
    [InlineData("B M E S", TagScheme.Bmes)]
    [InlineData("B I E S O", TagScheme.Iobes)]
    [InlineData("B L O", TagScheme.Bilou)]
    [InlineData("U-ORG B-PER I-PER L-PER O", TagScheme.Bilou)]
    [InlineData("U-ORG O", TagScheme.Bilou)]
    [InlineData("I-PER I-LOC O", TagScheme.Iob1)]
    [InlineData("PER-B PER-I O", TagScheme.Iob2)]
    [InlineData("B_PER I_PER o", TagScheme.Iob2)]
    [InlineData("b-per i-per 0", TagScheme.Iob2)]
    [InlineData("E-A I-A O", TagScheme.Iobes)]
    [InlineData("B-A I-A B-B I-B O X", TagScheme.Iob2)]
    [InlineData("[PAD] B I O X [CLS] [SEP]", TagScheme.Iob2)]
    [InlineData("B-Disease I-Disease O X [CLS] [SEP]", TagScheme.Iob2)]
    [InlineData("B-A I-A <pad> <s> </s>", TagScheme.Iob2)]
    [InlineData("X Y [A] [B]", TagScheme.Plain)]
    [InlineData("B-A M-A I-A", TagScheme.Plain)]
    [InlineData("B-A I-A U-A E-A", TagScheme.Plain)]
    [InlineData("S V O", TagScheme.Plain)]
    [InlineData("A B AB O", TagScheme.Plain)]
    [InlineData("L-1 L-2", TagScheme.Plain)]
    [InlineData("NOUN_S VERB_S", TagScheme.Plain)]
    [InlineData("0 1 2", TagScheme.Plain)]
    public void A_scheme_is_guessed_from_the_tags(string tags, TagScheme expected) => Assert.Equal(expected, Tags.Guess(tags.Split(' ')));

    [Theory]
    [InlineData("E-PER", TagScheme.Iob2, "B-TYPE, I-TYPE")]
    [InlineData("M-PER", TagScheme.Iobes, "S-TYPE")]
    [InlineData("PER", TagScheme.Bmes, "M-TYPE")]
    [InlineData("B-", TagScheme.Iob1, "I-TYPE")]
    [InlineData("E-PER", TagScheme.Bilou, "L-TYPE, U-TYPE")]
    [InlineData("M", TagScheme.Iob2, "B-TYPE")]
    public void A_tag_of_another_scheme_is_refused_with_those_that_there_are(string tag, TagScheme scheme, string named)
    {
        string message = Assert.Throws<ArgumentException>(() => Tags.Check(tag, scheme)).Message;
        Assert.Contains($"'{tag}'", message);
        Assert.Contains(named, message);
    }

    [Theory]
    [InlineData("PER-B PER-I PER-B o", "B-PER I-PER B-PER O", TagScheme.Iob2)]
    [InlineData("b_PER I_PER 0", "B-PER I-PER O", TagScheme.Iob2)]
    [InlineData("B I B O", "B I B O", TagScheme.Iob2)]
    [InlineData("b l u", "B L U", TagScheme.Bilou)]
    [InlineData("B-creative-work I-creative-work", "B-creative-work I-creative-work", TagScheme.Iob2)]
    public void Tags_of_unusual_form_are_read_and_written_in_the_usual_one(string tags, string usual, TagScheme scheme)
    {
        Assert.All(tags.Split(' '), tag => Tags.Check(tag, scheme));
        Assert.Equal(usual, string.Join(' ', Tags.Convert(tags.Split(' '), scheme, scheme)));
    }

    // What a script of its own, strict as seqeval's strict mode, finds in random tags.
    [Theory]
    [InlineData("I-Y B-X B-X O B-X O B-X B-Y", "")]
    [InlineData("O I-Y B-Y I-X I-Y O B-X U-Y", "7-8 Y")]
    [InlineData("U-Y I-X O U-Y L-X O L-X U-X", "0-1 Y, 3-4 Y, 7-8 X")]
    [InlineData("B-Y L-Y U-X L-Y B-X L-Y U-Y O", "0-2 Y, 2-3 X, 6-7 Y")]
    [InlineData("B-X B-X I-X L-X L-X", "1-4 X")]
    public void BILOU_is_read_strictly(string tags, string spans) =>
        Assert.Equal(spans, string.Join(", ", Tags.ToSpans(tags.Split(' '), TagScheme.Bilou).Select(s => $"{s.Start}-{s.End} {s.Type}")));

    [Fact]
    public void Entities_without_a_type_have_no_plain_label() =>
        Assert.Contains("no type", Assert.Throws<ArgumentException>(() => Tags.Convert(["B", "I"], TagScheme.Iob2, TagScheme.Plain)).Message);

    [Fact]
    public void Saved_models_keep_the_numbers_of_the_schemes() =>
        Assert.Equal([0, 1, 2, 3, 4, 5], new[] { TagScheme.Plain, TagScheme.Iob1, TagScheme.Iob2, TagScheme.Iobes, TagScheme.Bmes, TagScheme.Bilou }.Select(s => (int)s));

    [Theory]
    [InlineData(0, 2, 1, 3)]
    [InlineData(0, 1, 4, 6)]
    [InlineData(0, 0, 1, 2)]
    [InlineData(2, 3, 0, 1)]
    public void Entities_that_overlap_or_lie_outside_are_refused(int start, int end, int nextStart, int nextEnd) =>
        Assert.Throws<ArgumentException>(() => Tags.FromSpans([new(start, end, "A"), new(nextStart, nextEnd, "A")], 5, TagScheme.Iob2));
}
