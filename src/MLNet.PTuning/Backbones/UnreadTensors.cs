// What a weights file holds inside the encoder that the encoder does not compute with: hidden states may then be others than in training.
using System.Globalization;
using System.Text.RegularExpressions;
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Backbones;

internal static partial class UnreadTensors
{
    private const int Named = 3;

    private static readonly string[] Buffers = ["position_ids", "token_type_ids", "rotary_emb.inv_freq", "attn.bias", "attn.masked_bias"];

    /// <summary>Refuses weights whose matrices lack what was trained beside them.</summary>
    /// <exception cref="NotSupportedException">The file holds LoRA's matrices; the message names one.</exception>
    public static void RefuseAdapters(WeightFile file)
    {
        if (file.Entries.Keys.FirstOrDefault(name => Lora().IsMatch(name)) is { } matrix)
            throw new NotSupportedException($"{file.Path} holds LoRA's matrices beside those of the model ('{matrix}'), which are not supported: merge them in Python "
                + "(model.merge_and_unload() of PEFT) and save the model again with save_pretrained.");
    }

    /// <summary>A sentence about tensors of the encoder that nothing reads; null where there are none.</summary>
    /// <param name="file">The weights.</param>
    /// <param name="encoder">Each tensor of the encoder, by its name without a prefix: its name in the file.</param>
    /// <param name="others">Names in the file of other tensors that were read.</param>
    /// <param name="config">The backbone's configuration.</param>
    public static string? Notice(WeightFile file, IReadOnlyDictionary<string, string> encoder, IEnumerable<string> others, BackboneConfig config)
    {
        var stored = encoder.Values.Concat(others).ToHashSet();
        // Where the encoder's parts lie in the file; the pooler is not asked for by every family.
        string[] parts = [.. encoder.Where(r => r.Value.EndsWith(r.Key, StringComparison.Ordinal) && !r.Key.StartsWith("pooler.", StringComparison.Ordinal))
            .Select(r => r.Value[..(r.Value.Length - r.Key.Length + r.Key.IndexOf('.') + 1)]).Distinct()];
        string[] unread = [.. file.Entries.Values.Where(entry => entry.Type is ElementType.F32 or ElementType.F16 or ElementType.BF16 or ElementType.F64).Select(entry => entry.Name)
            .Where(name => !stored.Contains(name) && parts.Any(part => name.StartsWith(part, StringComparison.Ordinal)) && !Buffers.Any(buffer => name.EndsWith("." + buffer, StringComparison.Ordinal)))
            // Layers beyond those of the configuration are told of by themselves.
            .Where(name => Layer().Match(name) is not { Success: true } layer || int.Parse(layer.Groups[1].ValueSpan, CultureInfo.InvariantCulture) < config.LayerCount)];
        if (unread.Length == 0) return null;
        var (tensors, are, them) = unread.Length == 1 ? ("tensor", "is", "it") : ("tensors", "are", "them");
        return $"{file.Path}: the weights hold {unread.Length} {tensors} of the encoder that {are} no part of a {config.ModelType} model and {are} not read: "
            + $"{string.Join(", ", unread.Take(Named).Select(name => $"'{name}'"))}{(unread.Length > Named ? $" and {unread.Length - Named} more" : "")}. "
            + $"If the model was trained with {them}, its hidden states are others than in training: check model_type and position_embedding_type in config.json, and merge adapters.";
    }

    [GeneratedRegex(@"\.(lora_[A-Za-z_]+|base_layer)\.")]
    private static partial Regex Lora();

    [GeneratedRegex(@"(?:\.layer|layers|\bh)\.(\d{1,6})\.")]
    private static partial Regex Layer();
}
