// A bidirectional LSTM (Hochreiter and Schmidhuber, 1997; Graves and Schmidhuber, 2005) over one short sequence, with the names and gate order of PyTorch's.
using TorchSharp;

namespace MLNet.PTuning.Tuning;

/// <summary>Layers of two LSTMs, one a direction; each layer reads both outputs of the one before.</summary>
internal sealed class BidirectionalLstm
{
    private readonly Direction[][] _layers;

    /// <param name="inputs">Width of the sequence's vectors.</param>
    /// <param name="size">Units of one direction.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="parameter">The parameter of a name and shape.</param>
    public BidirectionalLstm(long inputs, long size, int layers, ParameterSource parameter)
    {
        _layers = [.. Enumerable.Range(0, layers).Select(l => new[] { Of($"l{l}", l, isReverse: false), Of($"l{l}_reverse", l, isReverse: true) })];

        Direction Of(string name, int layer, bool isReverse) => new(
            parameter("weight_ih_" + name, [4 * size, layer == 0 ? inputs : 2 * size]), parameter("weight_hh_" + name, [4 * size, size]),
            parameter("bias_ih_" + name, [4 * size]), parameter("bias_hh_" + name, [4 * size]), isReverse);
    }

    /// <summary>[S, inputs] → [S, 2 · size], forward and backward output side by side.</summary>
    public torch.Tensor Apply(torch.Tensor sequence) =>
        _layers.Aggregate(sequence, (x, layer) => torch.cat([layer[0].Apply(x), layer[1].Apply(x)], 1));

    private sealed record Direction(torch.Tensor InputWeight, torch.Tensor StateWeight, torch.Tensor InputBias, torch.Tensor StateBias, bool IsReverse)
    {
        public torch.Tensor Apply(torch.Tensor x)
        {
            int steps = (int)x.shape[0];
            long size = StateWeight.shape[1];
            var fromInput = torch.nn.functional.linear(x, InputWeight, InputBias);
            var outputs = new torch.Tensor[steps];
            torch.Tensor output = torch.zeros([1, size], device: x.device), cell = torch.zeros([1, size], device: x.device);
            for (int i = 0; i < steps; i++)
            {
                int step = IsReverse ? steps - 1 - i : i;
                // Input gate, forget gate, candidate, output gate.
                var gates = (fromInput.narrow(0, step, 1) + torch.nn.functional.linear(output, StateWeight, StateBias)).split(size, 1);
                cell = gates[1].sigmoid() * cell + gates[0].sigmoid() * gates[2].tanh();
                output = gates[3].sigmoid() * cell.tanh();
                outputs[step] = output;
            }
            return torch.cat(outputs, 0);
        }
    }
}
