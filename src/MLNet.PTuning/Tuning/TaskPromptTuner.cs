// Multitask Prompt Tuning (Wang et al., 2023, "Multitask Prompt Tuning Enables Parameter-Efficient Transfer Learning"): one prompt, made each task's own by a factor of low rank.
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Files;
using TorchSharp;

namespace MLNet.PTuning.Tuning;

/// <summary>Trains one task's vectors [P, E]: the shared ones, element by element times columns [P, r] by rows [r, E], which are the task's own.</summary>
internal sealed class TaskPromptTuner : Tuner
{
    // As PEFT's. However the shared prompt begins, the tasks' begin close to zero.
    private const double InitialDeviation = 0.02;

    private readonly VectorTuner _shared;
    private readonly Parameter _columns, _rows;
    private torch.Tensor? _folded;

    /// <param name="backbone">The backbone whose input the vectors join.</param>
    /// <param name="shared">The shared vectors; one use of it is taken over.</param>
    /// <param name="rank">r.</param>
    /// <param name="seed">Seed of the factors' initial values.</param>
    public TaskPromptTuner(FrozenBackbone backbone, VectorTuner shared, int rank, long seed) : base(backbone)
    {
        _shared = shared;
        long[] shape = shared.Vectors().shape;
        // Other random numbers than the prompt's initial values.
        using var factory = new ParameterFactory(~seed, backbone.Device);
        _columns = new Parameter(PeftAdapter.TaskColumnsName, factory.Normal(InitialDeviation, shape[0], rank));
        _rows = new Parameter(PeftAdapter.TaskRowsName, factory.Normal(InitialDeviation, rank, shape[1]));
    }

    public override IReadOnlyList<Parameter> Parameters => [.. SharedParameters, .. OwnParameters];

    public override IReadOnlyList<Parameter> SharedParameters => _shared.SharedParameters;

    public override IReadOnlyList<Parameter> OwnParameters => [_columns, _rows];

    public override PromptState State() => new() { Vectors = Vectors() };

    // The factors stay: PEFT's folders hold them.
    public override void Fold() => _folded ??= ParameterFactory.From(Vectors());

    public override IReadOnlyList<(string Name, torch.Tensor Value)> ToSave() => [(VectorTuner.Name, Vectors())];

    /// <summary>A task's vectors [P, E].</summary>
    public static torch.Tensor Vectors(torch.Tensor shared, torch.Tensor columns, torch.Tensor rows) => shared * columns.matmul(rows);

    public override Tuner Share(long seed) => new TaskPromptTuner(Backbone, (VectorTuner)_shared.Share(seed), (int)_rows.Value.shape[0], seed);

    public override void Dispose()
    {
        foreach (var parameter in OwnParameters) parameter.Value.Dispose();
        _folded?.Dispose();
        _shared.Dispose();
    }

    private torch.Tensor Vectors() => _folded ?? Vectors(_shared.Vectors(), _columns.Value, _rows.Value);
}
