// The machine: threads and CUDA.
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static int get_num_threads() => Shim.ts_threads();

    public static void set_num_threads(int num) => Shim.Check(Shim.ts_set_threads(num));

    public static bool cuda_is_available() => cuda.is_available();

    public static partial class cuda
    {
        public static bool is_available() => device_count() > 0;

        public static int device_count() => Shim.ts_cuda_devices();

        /// <summary>Waits for what was asked of the device.</summary>
        public static void synchronize(Device? device = null) => Shim.Check(Shim.ts_cuda_synchronize(device?.index ?? -1));
    }
}
