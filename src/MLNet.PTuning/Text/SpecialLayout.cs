// Where a model's special tokens go around one text and around a pair, and which token type each part has.
namespace MLNet.PTuning.Text;

/// <summary>One part of a layout: a special token, or all pieces of the first or second text.</summary>
internal readonly record struct LayoutPart(LayoutKind Kind, int Id, int Type)
{
    public static LayoutPart Special(int id, int type) => new(LayoutKind.Special, id, type);

    public static LayoutPart First(int type) => new(LayoutKind.First, 0, type);

    public static LayoutPart Second(int type) => new(LayoutKind.Second, 0, type);
}

internal enum LayoutKind
{
    Special,
    First,
    Second,
}

/// <summary>The layouts of a single text and of a pair.</summary>
internal sealed class SpecialLayout(LayoutPart[] single, LayoutPart[] pair)
{
    /// <summary>The texts alone, the second with type 1.</summary>
    public static SpecialLayout WithoutSpecials { get; } = new([LayoutPart.First(0)], [LayoutPart.First(0), LayoutPart.Second(1)]);

    public IEnumerable<int> SpecialIds => single.Concat(pair).Where(p => p.Kind == LayoutKind.Special).Select(p => p.Id);

    public int SpecialCount(bool isPair) => (isPair ? pair : single).Count(p => p.Kind == LayoutKind.Special);

    /// <summary>Puts the special tokens around the pieces; <paramref name="second"/> counts only in a pair.</summary>
    public Encoded Join(ReadOnlySpan<Piece> first, ReadOnlySpan<Piece> second, bool isPair)
    {
        int length = SpecialCount(isPair) + first.Length + second.Length, at = 0;
        int[] ids = new int[length], types = new int[length];
        Range firstRange = 0..0, secondRange = 0..0;
        foreach (LayoutPart part in isPair ? pair : single)
        {
            ReadOnlySpan<Piece> pieces = part.Kind == LayoutKind.First ? first : second;
            int start = at;
            switch (part.Kind)
            {
                case LayoutKind.Special:
                    ids[at++] = part.Id;
                    break;
                case LayoutKind.First:
                case LayoutKind.Second:
                    foreach (Piece piece in pieces) ids[at++] = piece.Id;
                    break;
            }
            types.AsSpan(start, at - start).Fill(part.Type);
            if (part.Kind == LayoutKind.First) firstRange = start..at;
            if (part.Kind == LayoutKind.Second) secondRange = start..at;
        }
        return new Encoded(ids, types, firstRange, secondRange);
    }
}
