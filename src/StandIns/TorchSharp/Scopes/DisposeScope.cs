// A scope that disposes the tensors made in it.
using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>Owns every tensor made while it is the innermost scope of its thread, until it is moved or detached.</summary>
public sealed class DisposeScope : IDisposable
{
    private readonly DisposeScopeManager _manager;

    internal DisposeScope(DisposeScopeManager disposeScopeManager)
    {
        _manager = disposeScopeManager;
        OuterScope = disposeScopeManager.CurrentDisposeScope;
    }

    public int DisposablesCount => Disposables.Count;

    public IReadOnlyList<IDisposable> DisposablesView => [.. Disposables];

    internal DisposeScope? OuterScope { get; set; }

    internal HashSet<IDisposable> Disposables { get; private set; } = new(ReferenceEqualityComparer.Instance);

    public bool Contains(IDisposable disposable) => Disposables.Contains(disposable);

    public T MoveToOuter<T>(T disposable)
        where T : IDisposable
    {
        Move(OuterScope, disposable);
        return disposable;
    }

    public (T1 first, T2 second) MoveToOuter<T1, T2>(T1 first, T2 second)
        where T1 : IDisposable
        where T2 : IDisposable => (MoveToOuter(first), MoveToOuter(second));

    public (T1 first, T2 second, T3 third) MoveToOuter<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable
        where T2 : IDisposable
        where T3 : IDisposable => (MoveToOuter(first), MoveToOuter(second), MoveToOuter(third));

    public void MoveToOuter(params IDisposable[] disposables) => MoveToOuter((IEnumerable<IDisposable>)disposables);

    public void MoveToOuter(IEnumerable<IDisposable> disposables)
    {
        foreach (IDisposable disposable in disposables.ToList())
            Move(OuterScope, disposable);
    }

    public T Detach<T>(T disposable)
        where T : IDisposable
    {
        Move(null, disposable);
        return disposable;
    }

    public (T1 first, T2 second) Detach<T1, T2>(T1 first, T2 second)
        where T1 : IDisposable
        where T2 : IDisposable => (Detach(first), Detach(second));

    public void Detach(params IDisposable[] disposables) => Detach((IEnumerable<IDisposable>)disposables);

    public void Detach(IEnumerable<IDisposable> disposables)
    {
        foreach (IDisposable disposable in disposables.ToList())
            Move(null, disposable);
    }

    public T MoveToOther<T>(DisposeScope? scope, T disposable)
        where T : IDisposable
    {
        Move(scope, disposable);
        return disposable;
    }

    public void Attach(IDisposable disposable)
    {
        if (disposable is Tensor tensor)
        {
            tensor.OwningDisposeScope?.Disposables.Remove(tensor);
            tensor.OwningDisposeScope = this;
        }
        Disposables.Add(disposable);
    }

    public void DisposeEverything() => DisposeEverythingBut([]);

    public T DisposeEverythingBut<T>(T keep)
        where T : IDisposable
    {
        DisposeEverythingBut([keep]);
        return keep;
    }

    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
    {
        HashSet<IDisposable> all = Disposables;
        Disposables = new(inKeep.Where(all.Contains), ReferenceEqualityComparer.Instance);
        foreach (IDisposable disposable in all)
        {
            if (Disposables.Contains(disposable))
                continue;
            if (disposable is Tensor tensor)
                tensor.OwningDisposeScope = null;
            _manager.StatisticsInstance.DisposedInScopeCount++;
            disposable.Dispose();
        }
    }

    /// <summary>Forgets what was disposed by itself.</summary>
    public void MarkAsDisposed(IDisposable disposable)
    {
        if (!Disposables.Remove(disposable))
            return;
        _manager.StatisticsInstance.DisposedInScopeCount++;
        if (disposable is Tensor tensor)
            tensor.OwningDisposeScope = null;
    }

    public void Dispose()
    {
        DisposeEverything();
        _manager.RemoveDisposeScope(this);
    }

    private void Move(DisposeScope? scope, IDisposable disposable)
    {
        if (!Disposables.Remove(disposable))
            return;
        if (disposable is Tensor tensor)
            tensor.OwningDisposeScope = scope;
        if (scope is null)
            _manager.StatisticsInstance.DetachedFromScopeCount++;
        else
            scope.Disposables.Add(disposable);
    }
}
