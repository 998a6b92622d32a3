// The base of normalizers, which change a text before it is cut.
namespace Microsoft.ML.Tokenizers;

public abstract class Normalizer
{
    public abstract string Normalize(string original);

    public abstract string Normalize(ReadOnlySpan<char> original);
}
