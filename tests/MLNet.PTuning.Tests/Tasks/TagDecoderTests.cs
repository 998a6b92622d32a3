// Decoding of probabilities into tags, free and constrained.
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Tests.Tasks;

public class TagDecoderTests
{
    private static readonly TagScheme[] WithBorders = [TagScheme.Iob1, TagScheme.Iob2, TagScheme.Iobes, TagScheme.Bmes];

    [Fact]
    public void Random_probabilities_never_become_an_invalid_sequence()
    {
        var random = new Random(1);
        foreach (var scheme in WithBorders)
        {
            string[] tags = TagsOf(scheme, "X", "Y");
            var decoder = new TagDecoder(tags, scheme, constrained: true);
            for (int trial = 0; trial < 300; trial++)
            {
                int words = random.Next(0, 12);
                string[] decoded = [.. decoder.Decode(Random(random, words * tags.Length)).Select(t => tags[t])];
                Assert.Equal(words, decoded.Length);
                // A sequence is valid where writing its entities anew gives it back.
                Assert.Equal(decoded, Tags.FromSpans(Tags.ToSpans(decoded, scheme), words, scheme));
            }
        }
    }

    [Fact]
    public void The_constrained_sequence_is_the_most_probable_valid_one()
    {
        var random = new Random(2);
        foreach (var scheme in WithBorders)
        {
            string[] tags = TagsOf(scheme, "X");
            var decoder = new TagDecoder(tags, scheme, constrained: true);
            for (int trial = 0; trial < 50; trial++)
            {
                float[] probabilities = Random(random, 4 * tags.Length);
                double best = Sequences(tags.Length, 4).Where(s => IsValid([.. s.Select(t => tags[t])], scheme)).Max(s => Score(s));
                Assert.Equal(best, Score(decoder.Decode(probabilities)), 1e-9);

                double Score(int[] sequence) => sequence.Select((t, w) => Math.Log(probabilities[w * tags.Length + t])).Sum();
            }
        }
    }

    [Fact]
    public void Without_constraint_every_word_has_its_most_probable_tag() =>
        Assert.Equal([2, 0], new TagDecoder(["O", "B-X", "I-X"], TagScheme.Iob2, constrained: false).Decode([.1f, .2f, .7f, .5f, .4f, .1f]));

    [Fact]
    public void Where_no_sequence_is_valid_every_word_has_its_most_probable_tag() =>
        Assert.Equal([0, 0], new TagDecoder(["I-X", "I-Y"], TagScheme.Iob2, constrained: true).Decode([.7f, .3f, .8f, .2f]));

    private static bool IsValid(string[] tags, TagScheme scheme) => tags.SequenceEqual(Tags.FromSpans(Tags.ToSpans(tags, scheme), tags.Length, scheme));

    private static IEnumerable<int[]> Sequences(int tags, int words) =>
        words == 0 ? [[]] : Sequences(tags, words - 1).SelectMany(s => Enumerable.Range(0, tags).Select(t => (int[])[.. s, t]));

    private static float[] Random(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() + 1e-6f)];

    private static string[] TagsOf(TagScheme scheme, params string[] types)
    {
        string prefixes = scheme switch { TagScheme.Iobes => "BIES", TagScheme.Bmes => "BMES", _ => "BI" };
        return ["O", .. types.SelectMany(t => prefixes.Select(p => $"{p}-{t}"))];
    }
}
