// One recorded case of the reference implementation: its inputs, parameters, outputs and gradients, and a model of ours set up alike.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using MLNet.PTuning.Tasks;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Text;
using TorchSharp;

namespace MLNet.PTuning.Tests.Backbones;

/// <summary>
/// Opens fixtures/parity/cases/MODEL/CASE and the model's folder (or those of fixtures/families; fixtures/methods/CASE), to which a made-up vocabulary is added: the recording has none.
/// </summary>
internal sealed class ParityCase : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly WeightFile _case;

    public ParityCase(string model, string name)
    {
        string root = Directory.Exists(Shared.Fixture("families", model)) ? "families" : "parity";
        foreach (string file in Directory.GetFiles(Shared.Fixture(root, model))) File.Copy(file, _folder.At(Path.GetFileName(file)));
        string[] special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
        File.WriteAllText(_folder.At("vocab.txt"), string.Join("\n", special.Concat(Enumerable.Range(special.Length, 200 - special.Length).Select(i => $"w{i}"))));
        string ofMethod = Shared.Fixture("methods", name + ".safetensors");
        _case = WeightFile.Open(File.Exists(ofMethod) ? ofMethod : Shared.Fixture(root, "cases", model, name + ".safetensors"));
    }

    /// <summary>The backbone; the model that takes it disposes it.</summary>
    public FrozenBackbone.Lease Lease() => FrozenBackbone.Use(_folder.Path, torch.CPU);

    /// <summary>A recorded tensor's values in row-major order.</summary>
    public float[] Values(string name) => _case.ReadFloats(name);

    /// <summary>P.</summary>
    public int PromptLength => (int)_case.Entries["param.prefix_encoder.embedding.weight"].Shape[0];

    public IEnumerable<string> Names(string prefix) => _case.Entries.Keys.Where(k => k.StartsWith(prefix)).Select(k => k[prefix.Length..]);

    /// <summary>The tensors whose names begin so, under what follows.</summary>
    public IEnumerable<TensorData> Tensors(string prefix) => Names(prefix).Select(name => new TensorData(name, _case.Entries[prefix + name].Shape, Values(prefix + name)));

    /// <summary>Length of a row of the recording, padding left out.</summary>
    public IReadOnlyList<int> RowLengths(int step = 0)
    {
        var (rows, width, mask) = Matrix("in.attention_mask", step);
        return [.. Enumerable.Range(0, rows).Select(r => mask.AsSpan(r * width, width).Count(1))];
    }

    /// <summary>The recorded rows without their padding, read where <paramref name="readPositions"/> says for each row's length.</summary>
    public Batch Batch(Func<int, int[]> readPositions, Func<int, int[]> targets, int step = 0)
    {
        var (rows, width, ids) = Matrix("in.input_ids", step);
        int[] types = _case.Entries.ContainsKey("in.token_type_ids") ? Matrix("in.token_type_ids", step).Values : new int[ids.Length];
        var lengths = RowLengths(step);
        return MLNet.PTuning.Tasks.Batch.Of([.. Enumerable.Range(0, rows).Select(r =>
            new Example(ids[(r * width)..(r * width + lengths[r])], types[(r * width)..(r * width + lengths[r])], readPositions(lengths[r]), targets(r)))]);
    }

    /// <summary>Rows read at [CLS], or where the recording says, with the recorded class of each.</summary>
    public Batch ClassificationBatch(int step = 0)
    {
        long[] labels = _case.ReadRaw<long>("in.labels");
        int rows = RowLengths(step).Count;
        var batch = Batch(_ => [0], r => [(int)labels[step * rows + r]], step);
        return !_case.Entries.ContainsKey("in.read_at") ? batch
            : batch with { ReadPositions = [.. _case.ReadRaw<long>("in.read_at").Select((at, row) => batch.Rows.RowStarts[row] + (int)at)] };
    }

    /// <summary>Rows read at every position with the recorded label of each.</summary>
    public Batch LabelingBatch()
    {
        var (_, width, labels) = Matrix("in.labels", 0);
        var lengths = RowLengths();
        return Batch(length => [.. Enumerable.Range(0, length)], r => labels[(r * width)..(r * width + lengths[r])]);
    }

    /// <summary>A model whose parameters are the recorded ones; a head's own pooler is the one that the reference was given.</summary>
    public TunedModel Model(TuningMethod method, int classes, bool pools, IReadOnlyList<IReadOnlyList<string>>? words = null)
    {
        var model = TunedModel.Create(Lease(), method, classes, pools, null, seed: 0, words: words);
        using var noGrad = torch.no_grad();
        foreach (var parameter in model.Parameters)
        {
            string[] names = ["param." + parameter.Name, "param.roberta." + parameter.Name, "param." + HeadName(parameter.Name)];
            parameter.Value.copy_(torch.tensor(Values(names.First(_case.Entries.ContainsKey))).view(parameter.Value.shape));
        }
        return model;
    }

    /// <summary>The name that the reference's head for question answering gives a parameter.</summary>
    public static string HeadName(string name) => name.Replace("classifier", "qa_outputs", StringComparison.Ordinal);

    /// <summary>Rows read at every position with the recorded start and end.</summary>
    /// <param name="isPadded">Whether padding is part of the rows.</param>
    /// <param name="prefix">Of the names of the recorded starts and ends.</param>
    public Batch AnsweringBatch(bool isPadded, string prefix = "in.")
    {
        var (rows, width, ids) = Matrix("in.input_ids", 0);
        int[] types = _case.Entries.ContainsKey("in.token_type_ids") ? Matrix("in.token_type_ids", 0).Values : new int[ids.Length];
        var lengths = RowLengths();
        long[] starts = _case.ReadRaw<long>(prefix + "start_positions"), ends = _case.ReadRaw<long>(prefix + "end_positions");
        return MLNet.PTuning.Tasks.Batch.Of([.. Enumerable.Range(0, rows).Select(r =>
        {
            int length = isPadded ? width : lengths[r];
            // As the reference: a place after the row is none.
            int[] targets = [.. new[] { starts[r], ends[r] }.Select(at => at >= width ? Example.NoTarget : (int)at)];
            return new Example(ids[(r * width)..(r * width + length)], types[(r * width)..(r * width + length)], [.. Enumerable.Range(0, length)], targets) { Over = SoftmaxOver.Vectors };
        })]);
    }

    /// <summary>Rows of choices, each read at its first token, with the recorded index of the right one.</summary>
    public Batch ChoiceBatch()
    {
        long[] labels = _case.ReadRaw<long>("in.labels");
        return MLNet.PTuning.Tasks.Batch.Of([.. labels.Select((label, example) =>
        {
            var (choices, width, ids) = Matrix("in.input_ids", example);
            int[] types = _case.Entries.ContainsKey("in.token_type_ids") ? Matrix("in.token_type_ids", example).Values : new int[ids.Length];
            var lengths = RowLengths(example);
            return MultipleChoice.Example([.. Enumerable.Range(0, choices).Select(c => new FormedRow(
                new Encoded(ids[(c * width)..(c * width + lengths[c])], types[(c * width)..(c * width + lengths[c])], 0..0, 0..0), 0, 0, 0, 0, ReadPosition: 0))], (int)label, Pooling.FirstToken);
        })]);
    }

    /// <summary>Parts of a recorded [B, S, width] tensor that are no padding, packed: [T, width]; a [B, width] tensor as it is.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="width">Its last dimension.</param>
    /// <param name="rows">Number of rows; null for T.</param>
    public float[] Packed(string name, int width, long? rows = null)
    {
        var lengths = RowLengths();
        float[] all = Values(name);
        if (all.Length == rows * width) return all;
        int padded = all.Length / width / lengths.Count;
        return [.. lengths.SelectMany((length, row) => all.Skip(row * padded * width).Take(length * width))];
    }

    public void Dispose()
    {
        _case.Dispose();
        _folder.Dispose();
    }

    private (int Rows, int Width, int[] Values) Matrix(string name, int step)
    {
        long[] shape = _case.Entries[name].Shape;
        int rows = (int)shape[^2], width = (int)shape[^1];
        return (rows, width, Array.ConvertAll(_case.ReadRaw<long>(name)[(step * rows * width)..((step + 1) * rows * width)], v => (int)v));
    }
}
