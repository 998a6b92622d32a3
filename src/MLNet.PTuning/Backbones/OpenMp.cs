// Keeps libtorch's idle OpenMP workers from spinning on the cores that managed passes run on.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MLNet.PTuning.Backbones;

/// <summary>
/// libgomp's workers wait actively by default: after every matrix product they take a core for milliseconds from whatever runs next. It reads its settings
/// when it is loaded, from the process's own environment, which .NET's <c>SetEnvironmentVariable</c> does not change; hence the call, before libtorch.
/// </summary>
internal static partial class OpenMp
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "libgomp reads the setting once, when the first tensor is made, and any of this library's types may be the first to make one.")]
    internal static void WaitPassively()
    {
        // A setting of the user's is kept.
        if (OperatingSystem.IsLinux()) SetEnvironment("OMP_WAIT_POLICY", "PASSIVE", overwrite: 0);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
