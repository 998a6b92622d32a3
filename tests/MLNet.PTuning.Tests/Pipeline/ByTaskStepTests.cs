// Models of several tasks as a step of a pipeline: what it takes, what it promises, and who owns what.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tests.Backbones;
using TorchSharp;

namespace MLNet.PTuning.Tests.Pipeline;

public sealed class ByTaskStepTests(TrainedTasks tasks) : IClassFixture<TrainedTasks>
{
    private readonly MLContext _ml = tasks.Context;

    [Fact]
    public void The_promised_schema_is_the_one_that_the_transformer_gives()
    {
        var promised = new ShapeSpy();
        using var chain = _ml.Transforms.PTuningV2ByTask("Task", tasks.Models, "Guess", "Sure").Append(promised).Fit(tasks.Data);
        Assert.Equal(ShapeSpy.Described(ShapeSpy.ShapeOf(_ml, chain.Transform(tasks.Data))), ShapeSpy.Described(promised.Seen!));
        Assert.Contains(promised.Seen!, column => column.Name == "Guess");
        Assert.Contains(promised.Seen!, column => column.Name == "NER.EntityProbability");
    }

    [Fact]
    public void A_column_that_a_task_reads_and_the_data_lacks_is_named_with_the_task()
    {
        var steps = _ml.Transforms.PTuningV2ByTask("Task", tasks.Models);
        var without = _ml.Transforms.DropColumns("Words").Fit(tasks.Data).Transform(tasks.Data);
        AssertNamed(() => steps.Fit(without), "Task 'NER'", "'Words'");
        AssertNamed(() => _ml.Transforms.DropColumns("Words").Append(steps).Fit(tasks.Data), "Task 'NER'", "'Words'");
        AssertNamed(() => tasks.Model.Transform(without), "Task 'NER'", "'Words'");
        AssertNamed(() => _ml.Transforms.PTuningV2ByTask("Kind", tasks.Models).Fit(tasks.Data), "'Kind'");
        AssertNamed(() => _ml.Transforms.PTuningV2ByTask("Start", tasks.Models).Fit(tasks.Data), "'Start'", "not text");
        AssertNamed(() => _ml.Transforms.DropColumns("Text").Append(_ml.Transforms.PTuningV2ByTask("Words", tasks.Models)).Fit(tasks.Data), "'Words'", "not text");
    }

    [Fact]
    public void Models_of_other_kinds_are_refused_with_the_kinds_that_are_taken()
    {
        var other = _ml.Transforms.CopyColumns("Copy", "Text").Fit(tasks.Data);
        foreach (ITransformer? model in new ITransformer?[] { other, new TransformerChain<ITransformer>(other), new TransformerChain<ITransformer>(tasks.Own("SST-2"), tasks.Own("MRPC")), tasks.Model, null })
            AssertNamed(() => Step(("odd", model!)), "'odd'", "PTuningV2Classify", "PTuningV2LabelTokens");
        using var decoder = new TinyDecoder();
        using var writer = _ml.Transforms.PTuningV2GenerateUntuned(new TextGenerationOptions(decoder.Path) { MaxNewTokens = 2 }).Model;
        AssertNamed(() => Step(("story", writer)), "'story'", "PTuningV2Generate");
        AssertNamed(() => Step(), "no models");
        AssertNamed(() => Step((" ", tasks.Models["NER"])), "empty name");
    }

    [Fact]
    public void Columns_of_the_same_name_are_refused()
    {
        AssertNamed(() => _ml.Transforms.PTuningV2ByTask("Task", tasks.Models, scoreColumnName: "PredictedLabel"), "'PredictedLabel'");
        AssertNamed(() => _ml.Transforms.PTuningV2ByTask("Task", tasks.Models, predictedLabelColumnName: "NER.Score"), "'NER.Score'");
        AssertNamed(() => _ml.Transforms.PTuningV2ByTask("Task", tasks.Models, predictedLabelColumnName: "Task"), "'Task'");
        AssertNamed(() => _ml.Transforms.PTuningV2ByTask("Task", tasks.Models, scoreColumnName: "Start"), "'Start'");
        Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Transforms.PTuningV2ByTask("Task", tasks.Models, unknownTask: (UnknownTask)7));
    }

    [Fact]
    public void It_owns_its_own_use_of_each_model_and_all_share_one_backbone()
    {
        using var backbone = new TinyBackbone();
        var first = tasks.Classifier("SST-2", new(backbone.Path) { Method = new DeepPrompt { Length = 2 } });
        var second = tasks.Classifier("WiC", new(backbone.Path) { Method = new DeepPrompt { Length = 5 } });
        var rows = _ml.Data.LoadFromEnumerable(tasks.Rows.Where(r => r.Task is "SST-2" or "WiC"));
        var model = _ml.Transforms.PTuningV2ByTask("Task", new Dictionary<string, ITransformer> { ["SST-2"] = first, ["WiC"] = second }).Fit(rows);
        torch.Tensor[] weights;
        using (var lease = FrozenBackbone.Use(backbone.Path, torch.CPU))
        {
            weights = [.. lease.Backbone.Weights.Values];
            Assert.All(model.Transformers.Values, own => Assert.Same(lease.Backbone, ((PTuningTransformer)own).Model.Backbone));
        }
        var expected = Values.Rows(model.Transform(rows), "Score");
        model.Dispose();
        Assert.Equal(Values.Rows(first.Transform(rows), "Score").Count, expected.Count);
        first.Dispose();
        second.Dispose();
        Assert.All(weights, w => Assert.True(w.IsInvalid));
        // Used again, it is loaded again; another one is made of models that were disposed.
        Assert.Equal(expected, Values.Rows(model.Transform(rows), "Score"));
        using (var again = _ml.Transforms.PTuningV2ByTask("Task", new Dictionary<string, ITransformer> { ["SST-2"] = first, ["WiC"] = second }).Fit(rows))
            Assert.Equal(expected, Values.Rows(again.Transform(rows), "Score"));
        model.Dispose();
        File.Delete(backbone.At("config.json"));
        Assert.Throws<FileNotFoundException>(() => Values.Rows(model.Transform(rows), "Score"));
    }

    [Fact]
    public void Each_tasks_transformer_can_be_used_by_itself()
    {
        var own = tasks.Model.Transformers["MRPC"];
        Assert.Equal(Values.Rows(tasks.Own("MRPC").Transform(tasks.Data), "Score"), Values.Rows(own.Transform(tasks.Data), "Score"));
        Assert.Equal(["SST-2", "MRPC", "WiC", "NER"], tasks.Model.Transformers.Keys);
    }

    private PTuningByTaskEstimator Step(params (string Task, ITransformer Model)[] models) => _ml.Transforms.PTuningV2ByTask("Task", models.ToDictionary(m => m.Task, m => m.Model));

    private static void AssertNamed(Action action, params string[] names)
    {
        string message = Assert.Throws<ArgumentException>(action).Message;
        Assert.All(names, name => Assert.Contains(name, message));
    }
}
