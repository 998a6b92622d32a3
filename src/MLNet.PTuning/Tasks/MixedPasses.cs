// Rows of several tasks on one backbone in the same passes: each row goes through the frozen layers with its own task's prompt, and to its own task's head.
using MLNet.PTuning.Backbones;
using TorchSharp;

namespace MLNet.PTuning.Tasks;

/// <summary>Predictions of rows of several models.</summary>
internal static class MixedPasses
{
    /// <summary>
    /// The predictions of each model's rows, as <see cref="TunedModel.Predict"/> gives them. Models on one backbone that compute alike go through its layers in the same
    /// passes, where their tuning methods leave the layers as they are; the others are computed one after the other.
    /// </summary>
    /// <param name="models">Models, each with its rows.</param>
    /// <exception cref="ObjectDisposedException">A model was disposed.</exception>
    public static float[][][] Predict(IReadOnlyList<(TunedModel Model, IReadOnlyList<Example> Examples)> models)
    {
        // Alone it may be a row that is predicted on the calling thread.
        if (models is [var (model, examples)]) return [model.Predict(examples)];
        var predicted = new float[models.Count][][];
        foreach (var group in Enumerable.Range(0, models.Count).GroupBy(i => (models[i].Model.Backbone, models[i].Model.Computation, Alone: models[i].Model.MixesRows ? -1 : i)))
        {
            int[] members = [.. group];
            if (members is [var one]) predicted[one] = models[one].Model.Predict(models[one].Examples);
            else
                foreach (var (i, rows) in members.Zip(InOnePass([.. members.Select(i => models[i])]))) predicted[i] = rows;
        }
        // Models without references must not be collected, which ends their use of the backbone, while they still predict.
        GC.KeepAlive(models);
        return predicted;
    }

    private static float[][][] InOnePass(IReadOnlyList<(TunedModel Model, IReadOnlyList<Example> Examples)> models) => ComputeThread.Run(() =>
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var states = models.Select(m => m.Model.State()).ToList();
        var rows = models.SelectMany((m, of) => m.Examples.SelectMany(example => example.Rows()).Select(row => (Of: of, Row: row))).ToList();
        var scores = models.Select(_ => new List<float>()).ToList();
        foreach (var (pass, parts) in Passes(rows))
        {
            using var ofPass = torch.NewDisposeScope();
            var hidden = models[0].Model.Run(pass, [.. parts.Select(part => new PromptedRows(states[part.Of], part.Batch.Rows.RowCount))]).Hidden;
            foreach (var ((of, batch), own) in parts.Zip(HiddenOf(parts, hidden))) scores[of].AddRange(models[of].Model.PredictedOf(own, batch));
        }
        return models.Select((m, of) => m.Model.OfExamples(m.Examples, [.. scores[of]])).ToArray();
    });

    /// <summary>Rows in their order, in as many passes as <see cref="Batch.Passes"/> makes of them, and of each pass the parts that are of one model.</summary>
    /// <param name="rows">Rows, each with its model's number; those of one model follow each other.</param>
    public static IEnumerable<(Batch Pass, IReadOnlyList<(int Of, Batch Batch)> Parts)> Passes(IReadOnlyList<(int Of, Example Row)> rows)
    {
        int first = 0;
        foreach (var pass in Batch.Passes([.. rows.Select(r => r.Row)]))
        {
            yield return (pass, [.. rows.Skip(first).Take(pass.Examples.Count).GroupBy(r => r.Of, r => r.Row).Select(part => (part.Key, Batch.Of([.. part])))]);
            first += pass.Examples.Count;
        }
    }

    /// <summary>Each part's hidden states at the positions read, of those of a pass.</summary>
    public static IEnumerable<torch.Tensor> HiddenOf(IReadOnlyList<(int Of, Batch Batch)> parts, torch.Tensor hidden)
    {
        int read = 0;
        foreach (var (_, batch) in parts)
        {
            yield return hidden.narrow(0, read, batch.ReadPositions.Length);
            read += batch.ReadPositions.Length;
        }
    }
}
