// The one implementation of environments and hosts: a host is a named environment with a random source of its own.
namespace Microsoft.ML.Runtime;

internal sealed class HostEnvironment : IHost, IHostEnvironmentInternal
{
    /// <summary>What all hosts of one context share.</summary>
    private sealed class Shared(int? seed)
    {
        public readonly int? Seed = seed;
        public readonly ComponentCatalog Catalog = new();
        public string TempFilePath = Path.GetTempPath();
        public bool FallbackToCpu;
        public int? GpuDeviceId;
        public Action<string, ChannelMessage> Listener;
    }

    private readonly Shared _shared;
    private readonly string _name;

    public HostEnvironment(int? seed)
        : this(new Shared(seed), "Environment", seed is { } value ? new TauswortheHybrid((uint)value) : new TauswortheHybrid(new Random()))
    {
    }

    private HostEnvironment(Shared shared, string name, Random rand)
    {
        _shared = shared;
        _name = name;
        Rand = rand;
    }

    /// <summary>Called with the source ("host; channel") and the message, for every message of this context.</summary>
    public event Action<string, ChannelMessage> MessageSent
    {
        add => _shared.Listener += value;
        remove => _shared.Listener -= value;
    }

    public Random Rand { get; }

    public ComponentCatalog ComponentCatalog => _shared.Catalog;

    public string ContextDescription => _name;

    public int? Seed => _shared.Seed;

    public string TempFilePath
    {
        get => _shared.TempFilePath;
        set => _shared.TempFilePath = value;
    }

    public bool FallbackToCpu
    {
        get => _shared.FallbackToCpu;
        set => _shared.FallbackToCpu = value;
    }

    public int? GpuDeviceId
    {
        get => _shared.GpuDeviceId;
        set => _shared.GpuDeviceId = value;
    }

    public IHost Register(string name, int? seed = null, bool? verbose = null)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        lock (Rand)
            return new HostEnvironment(_shared, name, seed is { } value ? new TauswortheHybrid((uint)value) : new TauswortheHybrid(Rand));
    }

    public IChannel Start(string name) => new Channel(this, name);

    public IPipe<TMessage> StartPipe<TMessage>(string name) => throw new NotSupportedException($"Pipe '{name}' of {typeof(TMessage).Name}: only channels are supported.");

    public IProgressChannel StartProgressChannel(string name) => new ProgressChannel();

    public TException Process<TException>(TException ex)
        where TException : Exception => ex;

    private void Send(string channel, ChannelMessage message) => _shared.Listener?.Invoke($"{_name}; {channel}", message);

    /// <summary>Says when it starts and ends, and passes messages on.</summary>
    private sealed class Channel : IChannel
    {
        private readonly HostEnvironment _host;
        private readonly string _name;
        private readonly System.Diagnostics.Stopwatch _watch = System.Diagnostics.Stopwatch.StartNew();
        private bool _disposed;

        public Channel(HostEnvironment host, string name)
        {
            _host = host;
            _name = name;
            Trace(MessageSensitivity.None, "Channel started");
        }

        public string ContextDescription => _name;

        public void Dispose()
        {
            if (_disposed)
                return;
            _disposed = true;
            Trace(MessageSensitivity.None, "Channel finished. Elapsed {0:c}.", _watch.Elapsed);
            Trace(MessageSensitivity.None, "Channel disposed");
        }

        public TException Process<TException>(TException ex)
            where TException : Exception => _host.Process(ex);

        public void Send(ChannelMessage msg) => _host.Send(_name, msg);

        public void Trace(MessageSensitivity sensitivity, string fmt) => Send(new(ChannelMessageKind.Trace, sensitivity, fmt));

        public void Trace(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(new(ChannelMessageKind.Trace, sensitivity, fmt, args));

        public void Info(MessageSensitivity sensitivity, string fmt) => Send(new(ChannelMessageKind.Info, sensitivity, fmt));

        public void Info(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(new(ChannelMessageKind.Info, sensitivity, fmt, args));

        public void Warning(MessageSensitivity sensitivity, string fmt) => Send(new(ChannelMessageKind.Warning, sensitivity, fmt));

        public void Warning(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(new(ChannelMessageKind.Warning, sensitivity, fmt, args));

        public void Error(MessageSensitivity sensitivity, string fmt) => Send(new(ChannelMessageKind.Error, sensitivity, fmt));

        public void Error(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(new(ChannelMessageKind.Error, sensitivity, fmt, args));
    }

    /// <summary>Takes progress and drops it: MLContext gives nobody a way to listen to it.</summary>
    private sealed class ProgressChannel : IProgressChannel
    {
        public void SetHeader(ProgressHeader header, Action<IProgressEntry> fillAction)
        {
            Contracts.CheckValue(header, nameof(header));
            Contracts.CheckValue(fillAction, nameof(fillAction));
        }

        public void Checkpoint(params double?[] values)
        {
        }

        public IProgressChannel StartProgressChannel(string name) => new ProgressChannel();

        public void Dispose()
        {
        }
    }
}
