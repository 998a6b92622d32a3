// Answers requests of several tasks together.
using MLNet.PTuning.Pipeline;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Serving;

/// <summary>Requests that go through the backbone together.</summary>
internal static class RequestBatch
{
    /// <summary>
    /// Answers requests, but for those that were cancelled meanwhile. One that fails gets its exception and does not affect the others: where a batch fails, its requests are computed one by one.
    /// </summary>
    public static void Answer(IReadOnlyList<Request> requests)
    {
        var encoded = new List<(Request Request, EncodedRows<TaskPrediction> Rows)>();
        foreach (var request in requests.Where(r => !r.Answer.IsCompleted))
        {
            try { encoded.Add((request, request.Model.Encode(request.Text, request.Pair))); }
            catch (Exception e) { request.Fail(e); }
        }
        try { Predict(encoded); }
        catch (Exception e)
        {
            if (encoded is [var alone]) alone.Request.Fail(e);
            else foreach (var (request, _) in encoded) Answer([request]);
        }
    }

    private static void Predict(IReadOnlyList<(Request Request, EncodedRows<TaskPrediction> Rows)> encoded)
    {
        var tasks = encoded.GroupBy(e => e.Request.Model).Select(task => (Model: task.Key, Requests: task.ToList())).ToList();
        var models = tasks.Select(task => (task.Model.Model, Examples: (IReadOnlyList<Example>)[.. task.Requests.SelectMany(e => e.Rows.Examples)])).ToList();
        foreach (var ((_, ofTask), rows) in tasks.Zip(MixedPasses.Predict(models)))
        {
            int from = 0;
            foreach (var (request, encodedRows) in ofTask) request.Complete(encodedRows.Results(rows[from..(from += encodedRows.Examples.Count)])[0]);
        }
    }
}
