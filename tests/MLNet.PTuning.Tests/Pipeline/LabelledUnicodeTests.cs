// Whatever the words are made of, there are as many labels as words.
using Microsoft.ML;
using MLNet.PTuning.Tests.Text;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class LabelledUnicodeTests(TrainedLabeller model) : IClassFixture<TrainedLabeller>
{
    private const int Rows = 10_000;

    [Fact]
    public void Ten_thousand_rows_of_random_words_have_a_label_a_word()
    {
        var random = new Random(1);
        var rows = Enumerable.Range(0, Rows).Select(_ => new Sentence
        {
            Words = [.. Enumerable.Range(0, random.Next(6)).Select(_ => RandomText.Next(random, random.Next(8)))],
        }).ToList();
        var predicted = Sentences.Predict<LabelledSentence>(model.Labeller, rows);
        Assert.Equal(Rows, predicted.Count);
        Assert.All(rows.Zip(predicted), pair =>
        {
            Assert.Equal(pair.First.Words.Length, pair.Second.PredictedLabel.Length);
            Assert.Equal(pair.First.Words.Length * model.Labeller.ClassNames.Count, pair.Second.Score.Length);
            Assert.All(pair.Second.PredictedLabel, key => Assert.InRange(key, 1u, (uint)model.Labeller.ClassNames.Count));
        });
    }
}
