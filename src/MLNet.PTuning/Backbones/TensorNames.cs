// Under which name a weights file has a tensor: with the prefixes of its family and of modules around it, in old spellings, stored once for several names.
using MLNet.PTuning.Files;

namespace MLNet.PTuning.Backbones;

/// <param name="file">The weights.</param>
/// <param name="family">The family, whose names are asked for.</param>
internal sealed class TensorNames(WeightFile file, BackboneFamily family)
{
    private const string Words = "embeddings.word_embeddings.weight";

    private static readonly string[] Anchors = ["embeddings.LayerNorm.weight", "embeddings.LayerNorm.gamma", "wte.weight", "embed_tokens.weight"];

    private readonly string[] _prefixes = PrefixesIn(file, family);

    /// <summary>The stored name of a tensor; null where the file lacks it.</summary>
    /// <param name="name">Its name without any prefix.</param>
    public string? Find(string name) => Spellings(name).SelectMany(spelling => _prefixes, (spelling, prefix) => prefix + spelling)
        .Select(Stored).FirstOrDefault(stored => stored is not null);

    // safetensors' save_model stores a tensor that has several names once, and notes the others in the metadata.
    private string? Stored(string name) => file.Entries.ContainsKey(name) ? name
        : file.Metadata.TryGetValue(name, out string? kept) && file.Entries.ContainsKey(kept) ? kept : null;

    // Old checkpoints say gamma and beta for a norm's weight and bias. Where only one of two tied tensors is stored, it may be the other one.
    private IEnumerable<string> Spellings(string name)
    {
        yield return name;
        yield return name.Replace("LayerNorm.weight", "LayerNorm.gamma").Replace("LayerNorm.bias", "LayerNorm.beta");
        if (family.MaskedWords is not { } masked) yield break;
        if (name == Words) yield return masked.Decoder;
        if (name == masked.Bias) yield return masked.Decoder.Replace(".weight", ".bias");
    }

    // The family's prefix, none, and what comes before them where other modules wrapped the model: DataParallel's "module.", torch.compile's "_orig_mod.".
    private static string[] PrefixesIn(WeightFile file, BackboneFamily family)
    {
        string[] found = [.. file.Entries.Keys.Select(PrefixOf).OfType<string>().Distinct()];
        if (found.Length == 0 || found.Contains(family.Prefix) || found.Contains("")) return [family.Prefix, ""];
        if (found.Length > 1)
            throw new InvalidDataException($"{file.Path} holds several encoders, under the names {string.Join(", ", found.Select(prefix => $"'{prefix}'"))}; save the one to be used in a file of its own.");
        string around = found[0].EndsWith("." + family.Prefix, StringComparison.Ordinal) ? found[0][..^family.Prefix.Length] : found[0];
        return [found[0], around, ""];
    }

    // Every family of encoders has a norm after its embeddings; decoders have their words' embeddings under these names.
    private static string? PrefixOf(string name) => Anchors.Where(anchor => name == anchor || name.EndsWith("." + anchor, StringComparison.Ordinal))
        .Select(anchor => name[..^anchor.Length]).FirstOrDefault();
}
