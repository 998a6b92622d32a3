// Where random numbers come from, and the seeds.
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Seeds every device's generator.</summary>
    public static Generator manual_seed(long seed)
    {
        Shim.Check(Shim.ts_manual_seed((ulong)seed));
        return Generator.Default;
    }

    public static partial class random
    {
        public static Generator manual_seed(long seed) => torch.manual_seed(seed);

        public static long initial_seed() => Generator.Default.initial_seed();

        public static long seed() => Generator.Default.seed();

        public static Tensor get_rng_state() => Generator.Default.get_state();

        public static void set_rng_state(Tensor new_state) => Generator.Default.set_state(new_state);
    }

    /// <summary>A stream of random numbers with a state of its own.</summary>
    public class Generator : IDisposable
    {
        public Generator(ulong seed = 0, Device? device = null)
        {
            this.device = device ?? CPU;
            Handle = Shim.Checked(Shim.ts_new_generator((long)this.device.type, this.device.index, seed));
        }

        internal Generator(nint nativeHandle)
        {
            device = CPU;
            Handle = nativeHandle;
        }

        ~Generator() => Dispose(false);

        /// <summary>The CPU's own.</summary>
        public static Generator Default => field ??= new(Shim.Checked(Shim.ts_default_generator()));

        public Device device { get; }

        internal nint Handle { get; private set; }

        public Generator manual_seed(long seed)
        {
            Shim.Check(Shim.ts_seed(Handle, (ulong)seed));
            return this;
        }

        public long initial_seed() => (long)Shim.ts_current_seed(Handle);

        public long seed() => (long)Shim.ts_random_seed(Handle);

        public Tensor get_state() => new(Shim.Checked(Shim.ts_generator_state(Handle)));

        public void set_state(Tensor value) => Shim.Check(Shim.ts_set_generator_state(Handle, value.Handle));

        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        protected virtual void Dispose(bool disposing)
        {
            nint freed = Handle;
            Handle = 0;
            if (freed != 0)
                Shim.ts_free_generator(freed);
        }
    }
}
