// The exceptions that components throw, one method for each kind.
namespace Microsoft.ML.Runtime;

internal static partial class Contracts
{
    public const string IsMarkedKey = "ML_IsMarked";

    /// <summary>Notes that an exception is a component's own word on what is wrong, not an accident.</summary>
    public static TException Mark<TException>(TException ex)
        where TException : Exception
    {
        ex.Data[IsMarkedKey] = true;
        return ex;
    }

    public static bool IsMarked(Exception ex) => ex.Data.Contains(IsMarkedKey);

    public static Exception Except(Exception inner, string msg) => Mark(new InvalidOperationException(msg, inner));

    public static Exception Except(string msg) => Mark(new InvalidOperationException(msg));

    public static Exception Except(string msg, params object[] args) => Except(string.Format(msg, args));

    public static Exception Except(this IExceptionContext ctx) => ctx.Process(Mark(new InvalidOperationException()));

    public static Exception Except(this IExceptionContext ctx, string msg) => ctx.Process(Except(msg));

    public static Exception Except(this IExceptionContext ctx, string msg, params object[] args) => ctx.Process(Except(msg, args));

    public static Exception Except(this IExceptionContext ctx, Exception inner, string msg) => ctx.Process(Mark(new InvalidOperationException(msg, inner)));

    public static Exception ExceptUserArg(this IExceptionContext ctx, string name, string msg) => ctx.ExceptParam(name, msg);

    public static Exception ExceptUserArg(this IExceptionContext ctx, string name, string msg, params object[] args) => ctx.ExceptParam(name, msg, args);

    public static Exception ExceptParam(string paramName) => Mark(new ArgumentOutOfRangeException(paramName));

    public static Exception ExceptParam(string paramName, string msg) => Mark(new ArgumentOutOfRangeException(paramName, msg));

    public static Exception ExceptParam(string paramName, string msg, params object[] args) => ExceptParam(paramName, string.Format(msg, args));

    public static Exception ExceptParam(this IExceptionContext ctx, string paramName, string msg) => ctx.Process(ExceptParam(paramName, msg));

    public static Exception ExceptParam(this IExceptionContext ctx, string paramName, string msg, params object[] args) => ctx.Process(ExceptParam(paramName, msg, args));

    public static Exception ExceptValue(string paramName) => Mark(new ArgumentNullException(paramName));

    public static Exception ExceptValue(this IExceptionContext ctx, string paramName) => ctx.Process(ExceptValue(paramName));

    public static Exception ExceptDecode() => Mark(new FormatException("Corrupted data"));

    public static Exception ExceptDecode(this IExceptionContext ctx) => ctx.Process(ExceptDecode());

    public static Exception ExceptDecode(this IExceptionContext ctx, string msg) => ctx.Process(Mark(new FormatException(msg)));

    public static Exception ExceptDecode(this IExceptionContext ctx, string msg, params object[] args) => ctx.ExceptDecode(string.Format(msg, args));

    public static Exception ExceptDecode(this IExceptionContext ctx, Exception inner, string msg) => ctx.Process(Mark(new FormatException(msg, inner)));

    public static Exception ExceptNotSupp() => Mark(new NotSupportedException());

    public static Exception ExceptNotSupp(this IExceptionContext ctx) => ctx.Process(ExceptNotSupp());

    public static Exception ExceptNotSupp(this IExceptionContext ctx, string msg) => ctx.Process(Mark(new NotSupportedException(msg)));

    public static Exception ExceptSchemaMismatch(string paramName, string columnRole, string columnName) =>
        ExceptParam(paramName, $"Could not find {columnRole} column '{columnName}'");

    public static Exception ExceptSchemaMismatch(string paramName, string columnRole, string columnName, string expectedType, string actualType) =>
        ExceptParam(paramName, $"Schema mismatch for {columnRole} column '{columnName}': expected {expectedType}, got {actualType}");

    public static Exception ExceptSchemaMismatch(this IExceptionContext ctx, string paramName, string columnRole, string columnName) =>
        ctx.Process(ExceptSchemaMismatch(paramName, columnRole, columnName));

    public static Exception ExceptSchemaMismatch(this IExceptionContext ctx, string paramName, string columnRole, string columnName, string expectedType, string actualType) =>
        ctx.Process(ExceptSchemaMismatch(paramName, columnRole, columnName, expectedType, actualType));
}
