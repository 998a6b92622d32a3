// A PredictionEngine disposes the transformer that it was made from, as ML.NET's do by default: other users of the model are not affected, and its memory is freed.
using System.Runtime.CompilerServices;
using Microsoft.Extensions.ObjectPool;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tests.Backbones;
using TorchSharp;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class DisposedModelTests : IDisposable
{
    private readonly TinyBackbone _backbone = new();
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<Review> _rows = Reviews.Rows(24);
    private readonly TransformerChain<PTuningClassificationTransformer> _chain;
    private readonly float[][] _expected;

    public DisposedModelTests()
    {
        var options = Reviews.Options(_backbone);
        options.Epochs = 1;
        _chain = Reviews.Pipeline(_ml, options).Fit(_ml.Data.LoadFromEnumerable(_rows));
        _expected = [.. Reviews.Predict(_chain, _rows).Select(p => p.Score)];
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void One_engine_after_the_other_may_dispose_it(bool isChain)
    {
        ITransformer model = isChain ? _chain : _chain.LastTransformer;
        for (int i = 0; i < 3; i++)
            using (var engine = _ml.Model.CreatePredictionEngine<Review, Predicted>(model)) Assert.Equal(_expected[i], engine.Predict(_rows[i]).Score, Close);
        Assert.Equal(_expected.SelectMany(s => s), Reviews.Scores(model, _rows));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_engine_still_works_when_another_one_or_the_app_has_disposed_it(bool isChain)
    {
        ITransformer model = isChain ? _chain : _chain.LastTransformer;
        using var kept = _ml.Model.CreatePredictionEngine<Review, Predicted>(model);
        using (_ml.Model.CreatePredictionEngine<Review, Predicted>(model)) { }
        Assert.Equal(_expected[1], kept.Predict(_rows[1]).Score, Close);
        ((IDisposable)model).Dispose();
        Assert.Equal(_expected[2], kept.Predict(_rows[2]).Score, Close);
    }

    [Fact]
    public void What_an_engine_or_a_cursor_still_holds_is_not_loaded_a_second_time()
    {
        var model = _chain.LastTransformer;
        var before = model.Model;
        using var engine = _ml.Model.CreatePredictionEngine<Review, Predicted>(model, new PredictionEngineOptions { OwnsTransformer = false });
        var weights = BackboneWeights();
        model.Dispose();
        Assert.All(weights, w => Assert.False(w.IsInvalid));
        Assert.Same(before, model.Model);
        GC.KeepAlive(engine);
    }

    [Fact]
    public void A_cursor_that_ends_releases_the_memory()
    {
        var model = _chain.LastTransformer;
        var view = model.Transform(_ml.Data.LoadFromEnumerable(_rows));
        var weights = BackboneWeights();
        using (var cursor = view.GetRowCursor([view.Schema["Score"]]))
        {
            cursor.MoveNext();
            model.Dispose();
            while (cursor.MoveNext()) { }
            Assert.All(weights, w => Assert.False(w.IsInvalid));
        }
        Assert.All(weights, w => Assert.True(w.IsInvalid));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_pool_that_drops_surplus_engines_answers_all_requests(bool isChain)
    {
        const int Clients = 16, Kept = 4, Requests = 2000;
        ITransformer model = isChain ? _chain : _chain.LastTransformer;
        int made = 0;
        var pool = new DefaultObjectPoolProvider { MaximumRetained = Kept }.Create(new EnginePolicy(() =>
        {
            Interlocked.Increment(ref made);
            return _ml.Model.CreatePredictionEngine<Review, Predicted>(model);
        }));
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Factory.StartNew(() =>
        {
            for (int request; (request = Interlocked.Increment(ref next)) < Requests;)
            {
                var engine = pool.Get();
                try { Assert.Equal(_expected[request % _rows.Count], engine.Predict(_rows[request % _rows.Count]).Score, Close); }
                finally { pool.Return(engine); }
            }
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        // Otherwise no engine has been dropped, and so none has disposed the model.
        Assert.True(made > Kept, $"{made} engines were made");
        ((IDisposable)pool).Dispose();
        Assert.Equal(_expected.SelectMany(s => s), Reviews.Scores(model, _rows));
    }

    [Fact]
    public async Task It_may_be_disposed_by_one_thread_while_others_predict_and_save()
    {
        var model = _chain.LastTransformer;
        byte[] saved = SavedWeights.Of(model);
        using var stop = new CancellationTokenSource();
        var disposing = Task.Run(() => { while (!stop.IsCancellationRequested) model.Dispose(); });
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 20; i++) Assert.Equal(_expected.SelectMany(s => s), Reviews.Scores(model, _rows));
        })).Append(Task.Run(() =>
        {
            for (int i = 0; i < 20; i++) Assert.Equal(saved, SavedWeights.Of(model));
        })));
        stop.Cancel();
        await disposing;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void It_releases_its_memory_and_predicts_and_is_saved_as_before_when_it_is_used_again(bool isLabeler)
    {
        var (model, data) = isLabeler ? TrainLabeler() : (_chain.LastTransformer, _ml.Data.LoadFromEnumerable(_rows));
        if (isLabeler) _chain.Dispose();
        var expected = Values.Rows(model.Transform(data), "Score");
        byte[] saved = SavedWeights.Of(model);
        var weights = BackboneWeights();
        ((IDisposable)model).Dispose();
        ((IDisposable)model).Dispose();
        Assert.All(weights, w => Assert.True(w.IsInvalid));
        Assert.Equal(saved, SavedWeights.Of(model));
        Assert.Equal(expected, Values.Rows(model.Transform(data), "Score"));
        Assert.Equal(saved, SavedWeights.Of(model));
        ((IDisposable)model).Dispose();
    }

    [Fact]
    public void Its_memory_is_released_when_the_engines_that_disposed_it_are_collected()
    {
        var weights = BackboneWeights();
        PredictAndDispose();
        ComputeThread.Run(() => { });
        for (int i = 0; i < 20 && weights.Any(w => !w.IsInvalid); i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.All(weights, w => Assert.True(w.IsInvalid));

        [MethodImpl(MethodImplOptions.NoInlining)]
        void PredictAndDispose()
        {
            using var engine = _ml.Model.CreatePredictionEngine<Review, Predicted>(_chain);
            engine.Predict(_rows[0]);
        }
    }

    [Fact]
    public void A_backbone_that_is_another_one_by_then_is_refused_by_its_folder()
    {
        _chain.Dispose();
        _backbone.SetConfig("layer_norm_eps", 1e-3);
        string message = Assert.Throws<IOException>(() => Reviews.Scores(_chain, _rows)).Message;
        Assert.Contains(_backbone.Path, message);
        Assert.Contains("has changed", message);
    }

    public void Dispose()
    {
        _chain.LastTransformer.Dispose();
        _backbone.Dispose();
    }

    // A row alone is summed in another order than among others.
    private static bool Close(float x, float y) => Math.Abs(x - y) < 1e-5;

    // The tensors of the loaded backbone, without a use that would keep them.
    private torch.Tensor[] BackboneWeights()
    {
        using var lease = FrozenBackbone.Use(_backbone.Path, torch.CPU);
        return [.. lease.Backbone.Weights.Values];
    }

    private (ITransformer Model, IDataView Data) TrainLabeler()
    {
        var options = Sentences.Options(_backbone);
        options.Epochs = 1;
        var rows = Sentences.Rows(12);
        return (Sentences.Train(options, rows), _ml.Data.LoadFromEnumerable(rows));
    }

    private sealed class EnginePolicy(Func<PredictionEngine<Review, Predicted>> make) : PooledObjectPolicy<PredictionEngine<Review, Predicted>>
    {
        public override PredictionEngine<Review, Predicted> Create() => make();

        public override bool Return(PredictionEngine<Review, Predicted> engine) => true;
    }
}
