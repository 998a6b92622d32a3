// Small operations on arrays, streams and generic methods that ML.NET's components share.
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Internal.Utilities;

internal static class Utils
{
    public static int Size(Array x) => x?.Length ?? 0;

    /// <summary>Which of <paramref name="length"/> columns are among <paramref name="columnsNeeded"/>.</summary>
    public static bool[] BuildArray(int length, IEnumerable<DataViewSchema.Column> columnsNeeded)
    {
        Contracts.CheckValue(columnsNeeded, nameof(columnsNeeded));
        var result = new bool[length];
        foreach (DataViewSchema.Column column in columnsNeeded)
        {
            if (column.Index < length)
                result[column.Index] = true;
        }
        return result;
    }

    public static T[] BuildArray<T>(int length, Func<int, T> func) => Enumerable.Range(0, length).Select(func).ToArray();

    /// <summary>Calls the generic method behind <paramref name="act"/> with another type argument.</summary>
    public static void MarshalActionInvoke<TArg1>(Action<TArg1> act, Type genArg, TArg1 arg1) => Invoke(act, genArg, arg1);

    public static void MarshalActionInvoke<TArg1, TArg2>(Action<TArg1, TArg2> act, Type genArg, TArg1 arg1, TArg2 arg2) => Invoke(act, genArg, arg1, arg2);

    public static void MarshalActionInvoke<TArg1, TArg2, TArg3>(Action<TArg1, TArg2, TArg3> act, Type genArg, TArg1 arg1, TArg2 arg2, TArg3 arg3) =>
        Invoke(act, genArg, arg1, arg2, arg3);

    public static TRet MarshalInvoke<TRet>(Func<TRet> func, Type genArg) => (TRet)Invoke(func, genArg);

    public static TRet MarshalInvoke<TArg1, TRet>(Func<TArg1, TRet> func, Type genArg, TArg1 arg1) => (TRet)Invoke(func, genArg, arg1);

    public static TRet MarshalInvoke<TArg1, TArg2, TRet>(Func<TArg1, TArg2, TRet> func, Type genArg, TArg1 arg1, TArg2 arg2) => (TRet)Invoke(func, genArg, arg1, arg2);

    public static TRet MarshalInvoke<TArg1, TArg2, TArg3, TRet>(Func<TArg1, TArg2, TArg3, TRet> func, Type genArg, TArg1 arg1, TArg2 arg2, TArg3 arg3) =>
        (TRet)Invoke(func, genArg, arg1, arg2, arg3);

    public static void WriteSingleArray(this BinaryWriter writer, ReadOnlySpan<float> values)
    {
        writer.Write(values.Length);
        foreach (float value in values)
            writer.Write(value);
    }

    public static float[] ReadSingleArray(this BinaryReader reader) => BuildArray(reader.ReadInt32(), _ => reader.ReadSingle());

    public static float[] ReadFloatArray(this BinaryReader reader) => reader.ReadSingleArray();

    private static object Invoke(Delegate generic, Type argument, params object[] arguments) => generic.Method
        .GetGenericMethodDefinition()
        .MakeGenericMethod(argument)
        .Invoke(generic.Target, System.Reflection.BindingFlags.DoNotWrapExceptions, null, arguments, null);
}
