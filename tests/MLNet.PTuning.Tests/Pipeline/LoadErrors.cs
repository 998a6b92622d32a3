// ML.NET calls a model's loader through reflection, a step of a chain from within the chain's own, and wraps what it throws each time.
using System.Reflection;

namespace MLNet.PTuning.Tests.Pipeline;

internal static class LoadErrors
{
    /// <summary>What the loader itself threw; null where loading succeeds.</summary>
    public static Exception? Of(Action load)
    {
        Exception? error = Record.Exception(load);
        while (error is TargetInvocationException or InvalidOperationException { InnerException: TargetInvocationException }) error = error.InnerException;
        return error;
    }
}
