// Decoding of probabilities into tags, free and constrained.
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Tests.Tasks;

public class TagDecoderTests
{
    private static readonly TagScheme[] WithBorders = [TagScheme.Iob1, TagScheme.Iob2, TagScheme.Iobes, TagScheme.Bmes, TagScheme.Bilou];

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
                // A sequence is valid where writing its entities again gives the same sequence.
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

    [Theory]
    [InlineData("I-LOC O I-PER I-PER O O O | I-ORG B-ORG", TagScheme.Iob1, "")]
    [InlineData("E-LOC O I-PER E-PER O | E-PER E-LOC", TagScheme.Iobes, "OE OI")]
    [InlineData("B-ORG I-ORG O I-LOC O", TagScheme.Iob2, "OI")]
    [InlineData("B I O | I B", TagScheme.Iob2, "OI")]
    [InlineData("B-A I-A O X O B-A X", TagScheme.Iob2, "")]
    [InlineData("B-A X O B-A I-A E-A S-A X", TagScheme.Iobes, "IO")]
    public void Labels_of_the_training_rows_come_out_of_certain_probabilities(string rows, TagScheme scheme, string widened)
    {
        string[][] all = [.. rows.Split(" | ").Select(r => r.Split(' '))];
        string[] tags = [.. all.SelectMany(r => r).Distinct()];
        int[][] targets = [.. all.Select(r => Array.ConvertAll(r, t => Array.IndexOf(tags, t)))];
        var constraint = TagConstraint.Of(tags, TagGuess.Of(tags), targets);
        Assert.Equal((scheme, widened), (constraint.Scheme, string.Join(' ', constraint.Widened)));
        var decoder = new TagDecoder(tags, constraint.Scheme, constrained: true, constraint.Widened);
        Assert.All(targets, row => Assert.Equal(row, decoder.Decode([.. row.SelectMany(t => Enumerable.Range(0, tags.Length).Select(i => i == t ? 1f : 0))])));
    }

    [Fact]
    public void Rows_that_keep_to_the_scheme_widen_nothing_and_words_without_a_label_say_nothing()
    {
        string[] tags = ["O", "B-A", "I-A"];
        var constraint = TagConstraint.Of(tags, TagGuess.Of(tags), [[1, 2, 0], [Example.NoTarget, 2, Example.NoTarget], []]);
        Assert.Equal(TagScheme.Iob2, constraint.Scheme);
        Assert.Empty(constraint.Widened);
        Assert.Empty(constraint.Warnings);
    }

    [Fact]
    public void What_contradicts_a_scheme_that_was_given_is_an_error_with_row_and_count()
    {
        string[] tags = ["O", "B-A", "I-A", "B-B"];
        string message = Assert.Throws<ArgumentException>(() => TagConstraint.Of(tags, TagGuess.Of(tags, TagScheme.Iob2), [[1, 2], [0, 2], [3, 0, 2]])).Message;
        Assert.Contains("'I-A' after 'O' (2 times, first in row 2)", message);
        Assert.Contains("Iob2", message);
    }

    [Theory]
    [InlineData("O B-PER I-PER I-LOC", "II/ OI")]
    [InlineData("O E-LOC I-PER E-PER", "OE OI")]
    [InlineData("O B-A I-A E-A B-B", "IO")]
    public void A_label_that_the_scheme_has_no_sequence_for_is_let_in(string labels, string widened)
    {
        string[] tags = labels.Split(' ');
        var constraint = TagConstraint.Of(tags, TagGuess.Of(tags), []);
        Assert.Equal(widened, string.Join(' ', constraint.Widened));
        Assert.NotEmpty(constraint.Warnings);
        Assert.Contains("never predict", Assert.Throws<ArgumentException>(() => TagConstraint.Of(tags, TagGuess.Of(tags, constraint.Scheme), [])).Message);
    }

    [Fact]
    public void Labels_without_a_B_may_begin_and_follow_each_other()
    {
        string[] tags = ["O", "I-PER", "I-LOC"];
        var constraint = TagConstraint.Of(tags, TagGuess.Of(tags), []);
        Assert.Equal(TagScheme.Iob1, constraint.Scheme);
        Assert.Empty(constraint.Warnings);
        Assert.Equal([1, 1, 2, 0], new TagDecoder(tags, constraint.Scheme, constrained: true, constraint.Widened).Decode([0, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0]));
    }

    private static bool IsValid(string[] tags, TagScheme scheme) => tags.SequenceEqual(Tags.FromSpans(Tags.ToSpans(tags, scheme), tags.Length, scheme));

    private static IEnumerable<int[]> Sequences(int tags, int words) =>
        words == 0 ? [[]] : Sequences(tags, words - 1).SelectMany(s => Enumerable.Range(0, tags).Select(t => (int[])[.. s, t]));

    private static float[] Random(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() + 1e-6f)];

    private static string[] TagsOf(TagScheme scheme, params string[] types)
    {
        string prefixes = scheme switch { TagScheme.Iobes => "BIES", TagScheme.Bmes => "BMES", TagScheme.Bilou => "BILU", _ => "BI" };
        return ["O", .. types.SelectMany(t => prefixes.Select(p => $"{p}-{t}"))];
    }
}
