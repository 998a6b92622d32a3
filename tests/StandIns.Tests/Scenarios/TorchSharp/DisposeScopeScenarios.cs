// The life of tensors.
using TorchSharp;
using TorchSharp.Modules;
using static StandIns.Tests.Observe;
using static TorchSharp.torch;

namespace StandIns.Tests;

public static class DisposeScopeScenarios
{
    public static object? ScopeDisposesWhatWasMadeInIt()
    {
        Tensor before = ones(1), inside, intermediate;
        using (var scope = NewDisposeScope())
        {
            inside = ones(1);
            intermediate = inside + before;
        }
        return new { before = before.IsInvalid, inside = inside.IsInvalid, intermediate = intermediate.IsInvalid };
    }

    public static object? MoveToOuter()
    {
        Tensor once, twice;
        bool insideMiddle;
        using (NewDisposeScope())
        {
            using (NewDisposeScope())
            {
                once = ones(1).MoveToOuterDisposeScope();
                using (NewDisposeScope())
                    twice = ones(1).MoveToOuterDisposeScope().MoveToOuterDisposeScope();
            }
            insideMiddle = once.IsInvalid || twice.IsInvalid;
        }
        return new { insideMiddle, onceAfter = once.IsInvalid, twiceAfter = twice.IsInvalid };
    }

    public static object? MoveOutOfTheOutermost()
    {
        Tensor moved;
        using (NewDisposeScope())
            moved = ones(1).MoveToOuterDisposeScope();
        bool alive = !moved.IsInvalid;
        moved.Dispose();
        return new { alive, afterDispose = moved.IsInvalid };
    }

    public static object? Detach()
    {
        Tensor detached, byScope;
        using (var scope = NewDisposeScope())
        {
            detached = ones(1).DetachFromDisposeScope();
            byScope = scope.Detach(ones(1));
        }
        return new { detached = detached.IsInvalid, byScope = byScope.IsInvalid };
    }

    public static object? Counts()
    {
        using var scope = NewDisposeScope();
        int atStart = scope.DisposablesCount;
        Tensor a = ones(1), b = a + 1f;
        int afterTwo = scope.DisposablesCount;
        b.Dispose();
        int afterDispose = scope.DisposablesCount;
        a.DetachFromDisposeScope();
        int afterDetach = scope.DisposablesCount;
        return new { atStart, afterTwo, afterDispose, afterDetach };
    }

    public static object? DisposeEverythingBut()
    {
        using var scope = NewDisposeScope();
        Tensor kept = ones(1), gone = ones(1);
        scope.DisposeEverythingBut(kept);
        bool keptThen = kept.IsInvalid, goneThen = gone.IsInvalid;
        Tensor later = ones(1);
        scope.DisposeEverything();
        return new { keptThen, goneThen, kept = kept.IsInvalid, later = later.IsInvalid };
    }

    public static object? Current()
    {
        using var outer = NewDisposeScope();
        using (var inner = NewDisposeScope())
        {
            Tensor t = ones(1);
            bool owned = inner.Contains(t), ownedByOuter = outer.Contains(t);
            t.MoveToOuterDisposeScope();
            return new { owned, ownedByOuter, afterMove = inner.Contains(t), outerAfterMove = outer.Contains(t) };
        }
    }

    public static object? ViewsKeepMemoryAlive()
    {
        Tensor view;
        using (NewDisposeScope())
        {
            Tensor whole = Tensors.Counting(2, 2);
            view = whole[1].MoveToOuterDisposeScope();
        }
        return Tensors.Values(view);
    }

    public static object? Statistics()
    {
        ThreadDisposeScopeStatistics statistics = DisposeScopeManager.Statistics;
        statistics.Reset();
        Tensor outside = ones(1);
        Tensor moved;
        using (NewDisposeScope())
        {
            Tensor a = ones(1), b = ones(1);
            moved = ones(1).DetachFromDisposeScope();
        }
        object result = new
        {
            statistics.CreatedOutsideScopeCount,
            statistics.CreatedInScopeCount,
            statistics.DisposedInScopeCount,
            statistics.DetachedFromScopeCount,
            statistics.ThreadTotalLiveCount,
        };
        outside.Dispose();
        moved.Dispose();
        return new { during = result, liveAfter = statistics.ThreadTotalLiveCount };
    }

    public static object? UseAfterDispose()
    {
        Tensor t = ones(1);
        t.Dispose();
        Tensor inScope;
        using (NewDisposeScope())
            inScope = ones(1);
        return new
        {
            t.IsInvalid,
            shape = ErrorType(() => _ = t.shape),
            add = ErrorType(() => _ = t + 1f),
            argument = ErrorType(() => _ = ones(1) + t),
            item = ErrorType(() => t.item<float>()),
            data = ErrorType(() => t.data<float>()),
            fromScope = ErrorType(() => _ = inScope.shape),
            disposeTwice = ErrorType(t.Dispose),
        };
    }

    public static object? GradientsSurviveTheStepsScope()
    {
        Parameter parameter = nn.Parameter(tensor(new[] { 1f }));
        var optimizer = optim.SGD([parameter], 0.5);
        using (NewDisposeScope())
            (parameter * 2f).sum().backward();
        optimizer.step();
        return parameter.item<float>();
    }

    public static object? OptimizerStateSurvivesScopes()
    {
        Parameter parameter;
        optim.Optimizer optimizer;
        using (NewDisposeScope())
        {
            parameter = (Parameter)nn.Parameter(tensor(new[] { 1f })).DetachFromDisposeScope();
            optimizer = optim.AdamW([parameter], lr: 0.1);
        }
        return Try(() =>
        {
            for (int i = 0; i < 3; i++)
            {
                using var scope = NewDisposeScope();
                optimizer.zero_grad();
                (parameter * 2f).sum().backward();
                optimizer.step();
            }
            return Round(parameter.item<float>());
        });
    }
}
