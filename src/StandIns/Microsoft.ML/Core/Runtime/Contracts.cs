// Checks of arguments and states, and the exceptions that they end in.
namespace Microsoft.ML.Runtime;

internal static partial class Contracts
{
    public static void Check(bool f, string msg)
    {
        if (!f)
            throw Except(msg);
    }

    public static void Check(this IExceptionContext ctx, bool f)
    {
        if (!f)
            throw ctx.Except();
    }

    public static void Check(this IExceptionContext ctx, bool f, string msg)
    {
        if (!f)
            throw ctx.Except(msg);
    }

    public static void CheckUserArg(this IExceptionContext ctx, bool f, string name, string msg)
    {
        if (!f)
            throw ctx.ExceptUserArg(name, msg);
    }

    public static void CheckParam(bool f, string paramName)
    {
        if (!f)
            throw ExceptParam(paramName);
    }

    public static void CheckParam(bool f, string paramName, string msg)
    {
        if (!f)
            throw ExceptParam(paramName, msg);
    }

    public static void CheckParam(this IExceptionContext ctx, bool f, string paramName)
    {
        if (!f)
            throw ctx.Process(ExceptParam(paramName));
    }

    public static void CheckParam(this IExceptionContext ctx, bool f, string paramName, string msg)
    {
        if (!f)
            throw ctx.ExceptParam(paramName, msg);
    }

    public static T CheckRef<T>(T val, string paramName)
        where T : class => val ?? throw ExceptValue(paramName);

    public static T CheckRef<T>(this IExceptionContext ctx, T val, string paramName)
        where T : class => val ?? throw ctx.Process(ExceptValue(paramName));

    public static void CheckValue<T>(T val, string paramName)
        where T : class
    {
        if (val is null)
            throw ExceptValue(paramName);
    }

    public static void CheckValue<T>(this IExceptionContext ctx, T val, string paramName)
        where T : class
    {
        if (val is null)
            throw ctx.Process(ExceptValue(paramName));
    }

    public static string CheckNonEmpty(string s, string paramName) =>
        string.IsNullOrEmpty(s) ? throw ExceptParam(paramName, $"{paramName} cannot be null or empty") : s;

    public static string CheckNonEmpty(this IExceptionContext ctx, string s, string paramName) =>
        string.IsNullOrEmpty(s) ? throw ctx.ExceptParam(paramName, $"{paramName} cannot be null or empty") : s;

    public static T[] CheckNonEmpty<T>(this IExceptionContext ctx, T[] args, string paramName) =>
        args is not { Length: > 0 } ? throw ctx.ExceptParam(paramName, $"{paramName} cannot be null or empty") : args;

    public static string CheckNonWhiteSpace(string s, string paramName) =>
        string.IsNullOrWhiteSpace(s) ? throw ExceptParam(paramName, $"{paramName} cannot be null or white space") : s;

    public static void CheckDecode(bool f)
    {
        if (!f)
            throw ExceptDecode();
    }

    public static void CheckDecode(this IExceptionContext ctx, bool f)
    {
        if (!f)
            throw ctx.ExceptDecode();
    }

    public static void CheckDecode(this IExceptionContext ctx, bool f, string msg)
    {
        if (!f)
            throw ctx.ExceptDecode(msg);
    }
}
