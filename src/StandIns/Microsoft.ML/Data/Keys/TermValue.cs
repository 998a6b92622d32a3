// What values of each type are as the values of keys: which are missing, which are equal, their order, their text.
using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

internal static class TermValue
{
    internal static Func<T, bool> IsMissing<T>(PrimitiveDataViewType type) => (Func<T, bool>)(Delegate)(default(T) switch
    {
        ReadOnlyMemory<char> => (Func<ReadOnlyMemory<char>, bool>)(v => v.IsEmpty),
        float => (Func<float, bool>)float.IsNaN,
        double => (Func<double, bool>)double.IsNaN,
        _ => (Func<T, bool>)(v => type is KeyDataViewType && EqualityComparer<T>.Default.Equals(v, default)),
    });

    /// <summary>What stands for no value: NaN for real numbers, the type's default for others.</summary>
    internal static T Missing<T>() => default(T) switch
    {
        float => (T)(object)float.NaN,
        double => (T)(object)double.NaN,
        _ => default,
    };

    internal static IEqualityComparer<T> Equality<T>() => typeof(T) == typeof(ReadOnlyMemory<char>) ? (IEqualityComparer<T>)(object)TextComparer.Instance : EqualityComparer<T>.Default;

    internal static IComparer<T> Order<T>() => typeof(T) == typeof(ReadOnlyMemory<char>) ? (IComparer<T>)(object)TextComparer.Instance : Comparer<T>.Default;

    internal static string Text<T>(T value) => value switch
    {
        ReadOnlyMemory<char> text => text.ToString(),
        bool flag => flag ? "1" : "0",
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };

    /// <summary>Compares texts by their characters' codes.</summary>
    private sealed class TextComparer : IEqualityComparer<ReadOnlyMemory<char>>, IComparer<ReadOnlyMemory<char>>
    {
        internal static readonly TextComparer Instance = new();

        public bool Equals(ReadOnlyMemory<char> x, ReadOnlyMemory<char> y) => x.Span.SequenceEqual(y.Span);

        public int GetHashCode(ReadOnlyMemory<char> obj) => string.GetHashCode(obj.Span);

        public int Compare(ReadOnlyMemory<char> x, ReadOnlyMemory<char> y) => x.Span.SequenceCompareTo(y.Span);
    }
}
