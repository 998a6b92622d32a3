// What the text of a field means as a value of each type; an empty text is the type's default value.
using System.Globalization;
using System.Numerics;

namespace Microsoft.ML.Data;

/// <summary>Reads a value; false where <paramref name="text"/> is none of the type.</summary>
internal delegate bool TextParser<T>(ReadOnlyMemory<char> text, out T value);

internal static class TextValue
{
    private const NumberStyles Real = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    internal static readonly TextParser<ReadOnlyMemory<char>> Text = (ReadOnlyMemory<char> text, out ReadOnlyMemory<char> value) =>
    {
        value = text;
        return true;
    };

    internal static TextParser<float> Single(bool missingIsNaN, char decimalMarker) => RealOf<float>(missingIsNaN, decimalMarker, float.NaN);

    internal static TextParser<double> Double(bool missingIsNaN, char decimalMarker) => RealOf<double>(missingIsNaN, decimalMarker, double.NaN);

    /// <summary>A text that is no number is NaN, not an error.</summary>
    private static TextParser<T> RealOf<T>(bool missingIsNaN, char decimalMarker, T nan)
        where T : struct, IFloatingPointIeee754<T>
    {
        NumberFormatInfo numbers = decimalMarker == '.' ? NumberFormatInfo.InvariantInfo : new NumberFormatInfo { NumberDecimalSeparator = decimalMarker.ToString(), NumberGroupSeparator = " " };
        return (ReadOnlyMemory<char> text, out T value) =>
        {
            ReadOnlySpan<char> span = text.Span.TrimEnd();
            value = span switch
            {
                [] => missingIsNaN ? nan : T.Zero,
                "∞" or "+∞" => T.PositiveInfinity,
                "-∞" => T.NegativeInfinity,
                _ => T.TryParse(span, Real, numbers, out T parsed) ? parsed : nan,
            };
            return true;
        };
    }

    internal static bool TryInteger<T>(ReadOnlyMemory<char> text, out T value)
        where T : struct, IBinaryInteger<T>
    {
        value = T.Zero;
        // A leading plus is refused, as are spaces.
        return text.IsEmpty || (text.Span[0] != '+' && T.TryParse(text.Span, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value));
    }

    /// <summary>A key written from 0; what is no number or beyond the keys is missing (0).</summary>
    internal static TextParser<T> Key<T>(ulong count, Func<ulong, T> convert) => (ReadOnlyMemory<char> text, out T value) =>
    {
        bool known = ulong.TryParse(text.Span, NumberStyles.None, CultureInfo.InvariantCulture, out ulong index) && index < count;
        value = convert(known ? index + 1 : 0);
        return true;
    };

    internal static bool TryBoolean(ReadOnlyMemory<char> text, out bool value)
    {
        Span<char> lower = stackalloc char[8];
        int length = text.Span.ToLowerInvariant(lower);
        bool? known = length < 0 ? null : lower[..length] switch
        {
            "true" or "t" or "yes" or "y" or "1" or "+1" => true,
            "" or "false" or "f" or "no" or "n" or "0" or "-1" => false,
            _ => null,
        };
        value = known == true;
        return known is not null;
    }

    internal static bool TryDateTime(ReadOnlyMemory<char> text, out DateTime value)
    {
        value = default;
        return text.IsEmpty || DateTime.TryParse(text.Span, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out value);
    }

    internal static bool TryDateTimeOffset(ReadOnlyMemory<char> text, out DateTimeOffset value)
    {
        value = default;
        return text.IsEmpty || DateTimeOffset.TryParse(text.Span, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out value);
    }

    internal static bool TryTimeSpan(ReadOnlyMemory<char> text, out TimeSpan value)
    {
        value = default;
        return text.IsEmpty || TimeSpan.TryParse(text.Span, CultureInfo.InvariantCulture, out value);
    }
}
