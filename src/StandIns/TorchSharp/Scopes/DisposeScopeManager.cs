// The dispose scopes of each thread, and how many tensors came and went.
using static TorchSharp.torch;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Disposes, when it is disposed, every tensor made on this thread since and not moved out.</summary>
    public static DisposeScope NewDisposeScope() => DisposeScopeManager.NewDisposeScope();

    public static DisposeScope? CurrentDisposeScope => DisposeScopeManager.ThreadSingleton.CurrentDisposeScope;

    /// <summary>The tensor that <paramref name="expr"/> gives; what else was made on the way is disposed.</summary>
    public static Tensor WrappedTensorDisposeScope(Func<Tensor> expr)
    {
        using DisposeScope scope = NewDisposeScope();
        return expr().MoveToOuterDisposeScope();
    }
}

/// <summary>A thread's stack of scopes.</summary>
public class DisposeScopeManager
{
    [ThreadStatic] private static DisposeScopeManager? _threadSingleton;

    public static ThreadDisposeScopeStatistics Statistics => ThreadSingleton.StatisticsInstance;

    internal static DisposeScopeManager ThreadSingleton => _threadSingleton ??= new();

    internal ThreadDisposeScopeStatistics StatisticsInstance { get; } = new();

    internal DisposeScope? CurrentDisposeScope { get; private set; }

    internal static DisposeScope NewDisposeScope() => ThreadSingleton.CurrentDisposeScope = new DisposeScope(ThreadSingleton);

    /// <summary>Takes a scope off the stack, wherever in it it stands.</summary>
    internal void RemoveDisposeScope(DisposeScope disposeScope)
    {
        if (CurrentDisposeScope == disposeScope)
        {
            CurrentDisposeScope = disposeScope.OuterScope;
            return;
        }
        for (DisposeScope? inner = CurrentDisposeScope; inner is not null; inner = inner.OuterScope)
        {
            if (inner.OuterScope == disposeScope)
                inner.OuterScope = disposeScope.OuterScope;
        }
    }

    internal DisposeScope? Register(IDisposable made)
    {
        if (CurrentDisposeScope is not { } scope)
        {
            StatisticsInstance.CreatedOutsideScopeCount++;
            return null;
        }
        StatisticsInstance.CreatedInScopeCount++;
        scope.Disposables.Add(made);
        return scope;
    }
}

/// <summary>What happened on this thread since the last <see cref="Reset"/>.</summary>
public class ThreadDisposeScopeStatistics
{
    /// <summary>Tensors that no scope looks after.</summary>
    public long CreatedOutsideScopeCount { get; internal set; }

    public long CreatedInScopeCount { get; internal set; }

    public long DisposedInScopeCount { get; internal set; }

    public long DetachedFromScopeCount { get; internal set; }

    /// <summary>Those made in scopes that are neither disposed nor detached.</summary>
    public long ThreadTotalLiveCount => CreatedInScopeCount - DisposedInScopeCount - DetachedFromScopeCount;

    public void Reset() => CreatedOutsideScopeCount = CreatedInScopeCount = DisposedInScopeCount = DetachedFromScopeCount = 0;
}
