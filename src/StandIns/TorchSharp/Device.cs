// Devices: which there are and how they are written.
using System.Globalization;

namespace TorchSharp;

public enum DeviceType
{
    CPU = 0, CUDA = 1, MKLDNN = 2, OPENGL = 3, OPENCL = 4, IDEEP = 5, HIP = 6, FPGA = 7, MSNPU = 8, XLA = 9, MPS = 13, META = 14,
}

public static partial class torch
{
    public static readonly Device CPU = new(DeviceType.CPU);

    public static Device CUDA { get; } = new(DeviceType.CUDA);

    public static Device device(string description) => new(description);

    public static Device device(string deviceType, int index = -1) => new(deviceType, index);

    public static Device device(DeviceType deviceType, int index = -1) => new(deviceType, index);

    public static Device device(int index) => new(index);

    /// <summary>A kind of device and which of them; −1 is the current one.</summary>
    public class Device
    {
        public Device(string description)
        {
            string[] parts = description.Split(':');
            type = Parse(parts[0]);
            index = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : -1;
        }

        public Device(string deviceType, int index = -1)
            : this(Parse(deviceType), index)
        {
        }

        public Device(DeviceType deviceType, int index = -1)
        {
            type = deviceType;
            this.index = index;
        }

        public Device(int index)
            : this(DeviceType.CUDA, index)
        {
        }

        public DeviceType type { get; }

        public int index { get; }

        public override string ToString() =>
            type.ToString().ToLowerInvariant()
            + (index < 0 || type == DeviceType.CPU ? "" : ":" + index.ToString(CultureInfo.InvariantCulture));

        private static DeviceType Parse(string name) =>
            Enum.TryParse(name, ignoreCase: true, out DeviceType type) && Enum.IsDefined(type)
                ? type
                : throw new ArgumentException($"Unknown device '{name}'; known are cpu, cuda, cuda:0, …", nameof(name));
    }
}
