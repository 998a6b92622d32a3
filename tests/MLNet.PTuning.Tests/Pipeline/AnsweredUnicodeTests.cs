// Every predicted answer is the text of its context at its indices, whatever characters the context has.
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Text;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class AnsweredUnicodeTests
{
    private const int Rows = 10_000;

    [Theory]
    [InlineData(OffsetUnit.Utf16)]
    [InlineData(OffsetUnit.CodePoints)]
    public void Ten_thousand_random_contexts_have_every_answer_at_its_indices(OffsetUnit unit)
    {
        using var backbone = new TinyBackbone();
        var options = Questions.BriefOptions(backbone);
        (options.PredictionBatchSize, options.OffsetUnit, options.MaxSequenceLength, options.DocumentStride) = (500, unit, 16, 4);
        using var model = Questions.Train(options, Questions.Rows(16, unanswerable: true));
        var random = new Random((int)unit + 1);
        var rows = Enumerable.Range(0, Rows).Select(_ => Questions.Of(RandomText.Next(random, random.Next(60)), RandomText.Next(random, random.Next(12)), "", 0)).ToList();
        var predicted = Questions.Predict(model, rows);
        Assert.Equal(Rows, predicted.Count);
        int answers = 0;
        foreach (var (row, answered) in rows.Zip(predicted))
        {
            Assert.InRange(answered.PredictedAnswer.Length, 1, 3);
            for (int i = 0; i < answered.PredictedAnswer.Length; i++)
            {
                string answer = answered.PredictedAnswer[i];
                Assert.Equal(answer, Part(row.Context!, answered.AnswerStart[i], answered.AnswerEnd[i]));
                Assert.InRange(answered.Score[i], 0, 1.0001f);
                answers += answer.Length > 0 ? 1 : 0;
            }
            Assert.InRange(answered.NoAnswerProbability, 0, 1.0001f);
        }
        Assert.InRange(answers, Rows, 3 * Rows);

        // No half of a pair of surrogates is left out: a cut inside of one would change the text.
        string Part(string text, int start, int end)
        {
            if (unit == OffsetUnit.CodePoints) (start, end) = (Utf16(text, start), Utf16(text, end));
            Assert.False(start > 0 && start < text.Length && char.IsSurrogatePair(text[start - 1], text[start]));
            Assert.False(end > 0 && end < text.Length && char.IsSurrogatePair(text[end - 1], text[end]));
            return text[start..end];
        }

        static int Utf16(string text, int points)
        {
            int at = 0;
            for (; points > 0; points--) at += char.IsSurrogatePair(text, at) ? 2 : 1;
            return at;
        }
    }
}
