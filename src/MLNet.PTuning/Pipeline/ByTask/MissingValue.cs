// What a task's column holds in rows of other tasks.
using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNet.PTuning.Pipeline;

/// <summary>ML.NET's missing values: the key 0, NaN, false, empty text, empty vectors of variable length; of an Int32, which is an index from 0, −1.</summary>
internal static class MissingValue
{
    /// <summary>A getter of a column's value that gives the missing value of its type where <paramref name="isMissing"/> says so.</summary>
    /// <param name="getter">A <c>ValueGetter</c> of the column's type.</param>
    /// <param name="type">The column's type. A vector of fixed length is one of missing values.</param>
    /// <param name="isMissing">Whether the current row has no value.</param>
    public static Delegate Or(Delegate getter, DataViewType type, Func<bool> isMissing)
    {
        return type is VectorDataViewType vector ? Make(nameof(OrVector), vector.ItemType, getter, vector.Size, isMissing) : Make(nameof(OrScalar), type, getter, isMissing);

        static Delegate Make(string method, DataViewType item, params object[] arguments) =>
            (Delegate)typeof(MissingValue).GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(item.RawType).Invoke(null, arguments)!;
    }

    private static ValueGetter<T> OrScalar<T>(ValueGetter<T> getter, Func<bool> isMissing) => (ref T value) =>
    {
        if (isMissing()) value = Of<T>();
        else getter(ref value);
    };

    private static ValueGetter<VBuffer<T>> OrVector<T>(ValueGetter<VBuffer<T>> getter, int size, Func<bool> isMissing) => (ref VBuffer<T> value) =>
    {
        if (!isMissing())
        {
            getter(ref value);
            return;
        }
        var editor = VBufferEditor.Create(ref value, size);
        editor.Values.Fill(Of<T>());
        value = editor.Commit();
    };

    private static T Of<T>() => typeof(T) == typeof(float) ? (T)(object)float.NaN : typeof(T) == typeof(int) ? (T)(object)-1 : default!;
}
