// Three small tasks, two of texts and one of words, and a model that is trained on them together.
using Microsoft.ML;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Pipeline;

/// <summary>The base of tests of multi-task training; the tasks are named <c>two</c> and <c>three</c>, after their classes, and <c>words</c>.</summary>
public abstract class ThreeTasks : IDisposable
{
    private protected readonly TinyBackbone _backbone = new();
    private protected readonly TempFolder _folder = new();
    private protected readonly MLContext _ml = new(seed: 1);
    private protected readonly List<Review> _two = Reviews.Rows(40), _three = Reviews.Rows(30, classes: 3, seed: 2);
    private protected readonly List<Sentence> _sentences = Sentences.Rows(24);

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    /// <summary>The method that the class's tests train by default.</summary>
    private protected abstract TuningMethod Method { get; }

    /// <summary>Rank of the tasks' own factors by default.</summary>
    private protected virtual int? TaskRank => null;

    private protected MultiTaskModel Train(Action<MultiTaskOptions>? set = null)
    {
        var options = new MultiTaskOptions(_backbone.Path)
        {
            Method = Method,
            TaskRank = TaskRank,
            Epochs = 12,
            BatchSize = 8,
            LearningRate = 0.05,
            Tasks = [new("two", TextTask(), Keys(_two)), new("three", TextTask(), Keys(_three)), new("words", WordTask(), Keys(_sentences))],
        };
        set?.Invoke(options);
        return _ml.Transforms.PTuningV2MultiTask(options).Fit();
    }

    /// <summary>Options of a task of texts.</summary>
    private protected TextClassificationOptions TextTask() => new(_backbone.Path) { PredictionBatchSize = 3 };

    /// <summary>Options of a task of words.</summary>
    private protected TokenLabelingOptions WordTask() => new(_backbone.Path) { PredictionBatchSize = 3, HeadDropout = 0 };

    private protected IDataView Keys<T>(IEnumerable<T> rows) where T : class
    {
        var data = _ml.Data.LoadFromEnumerable(rows);
        return _ml.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data);
    }

    private protected static double Accuracy(ITransformer transformer, List<Review> rows)
    {
        var classifier = Assert.IsType<PTuningClassificationTransformer>(transformer);
        return Reviews.Predict(classifier, rows).Zip(rows).Average(p => classifier.ClassNames[(int)p.First.PredictedLabel - 1] == p.Second.Label ? 1.0 : 0.0);
    }

    /// <summary>The trained tensors of a transformer, by name.</summary>
    private protected Dictionary<string, float[]> Tensors(ITransformer model)
    {
        string path = _folder.Write("weights.safetensors", SavedWeights.Of(model));
        using var file = WeightFile.Open(path);
        return file.Entries.Keys.ToDictionary(name => name, file.ReadFloats);
    }

    /// <summary>Disposes the other tasks, and asserts that the one of three classes still predicts, also after saving and loading. Returns the loaded model.</summary>
    private protected PTuningClassificationTransformer AssertWorksAlone(MultiTaskModel model)
    {
        var kept = model.Transformers["three"];
        float[] expected = Reviews.Scores(kept, _three);
        ((IDisposable)model.Transformers["two"]).Dispose();
        ((IDisposable)model.Transformers["words"]).Dispose();
        Assert.Equal(expected, Reviews.Scores(kept, _three));
        _ml.Model.Save(kept, null, _folder.At("three.zip"));
        var loaded = Assert.IsType<PTuningClassificationTransformer>(_ml.Model.Load(_folder.At("three.zip"), out _));
        Assert.Equal(expected, Reviews.Scores(loaded, _three));
        return loaded;
    }
}
