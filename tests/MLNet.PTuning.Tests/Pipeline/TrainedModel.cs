// A model that a test class trains once and then only reads.
using Microsoft.ML;
using MLNet.PTuning.Tests.Backbones;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class TrainedModel : IDisposable
{
    private readonly TinyBackbone _backbone = new();

    public TrainedModel()
    {
        Data = Context.Data.LoadFromEnumerable(Rows);
        Chain = Reviews.Pipeline(Context, Reviews.Options(_backbone)).Fit(Data);
    }

    public MLContext Context { get; } = new(seed: 1);

    public List<Review> Rows { get; } = Reviews.Rows(40);

    public IDataView Data { get; }

    /// <summary>Label to key, then the classifier.</summary>
    public Microsoft.ML.Data.TransformerChain<PTuningClassificationTransformer> Chain { get; }

    public PTuningClassificationTransformer Classifier => Chain.LastTransformer;

    /// <summary>The folder of the backbone.</summary>
    public string BackboneFolder => _backbone.Path;

    public void Dispose()
    {
        Chain.Dispose();
        _backbone.Dispose();
    }
}
