// TorchSharp's native library for Linux as its package has it, on every system, and systems' libraries made up for tests.
using System.Buffers.Binary;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace MLNet.PTuning.Tests.Build;

internal static class TorchSharpLibrary
{
    /// <summary>The genuine file in the package.</summary>
    public static readonly string Path = typeof(TorchSharpLibrary).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "LibTorchSharp").Value!;

    /// <summary>The one version that it asks for and does not use.</summary>
    public const string UnusedVersion = "GLIBCXX_3.4.32";

    /// <summary>A file or folder of the repository.</summary>
    public static string InRepository(params string[] parts) => System.IO.Path.GetFullPath(System.IO.Path.Combine([ThisFile(), "..", "..", "..", "..", .. parts]));

    /// <summary>Writes libraries that define all that the genuine file asks for, but what <paramref name="lacks"/> says.</summary>
    public static void WriteSystem(string folder, Func<ElfFile.Need, bool> lacks)
    {
        foreach (var library in ElfFile.Read(Path).Needs.GroupBy(need => need.Library))
            File.WriteAllBytes(System.IO.Path.Combine(folder, library.Key), Defining([.. library.Where(need => !lacks(need)).Select(need => need.Version)]));
    }

    /// <summary>A 64-bit ELF file with three sections: none, names, and definitions of versions.</summary>
    public static byte[] Defining(params string[] versions)
    {
        var names = new MemoryStream();
        names.WriteByte(0);
        byte[] definitions = new byte[28 * versions.Length];
        for (int i = 0; i < versions.Length; i++)
        {
            var definition = definitions.AsSpan(28 * i, 28);
            BinaryPrimitives.WriteUInt16LittleEndian(definition[6..], 1);
            BinaryPrimitives.WriteUInt32LittleEndian(definition[12..], 20);
            BinaryPrimitives.WriteUInt32LittleEndian(definition[16..], i + 1 < versions.Length ? 28u : 0);
            BinaryPrimitives.WriteUInt32LittleEndian(definition[20..], (uint)names.Length);
            names.Write(Encoding.ASCII.GetBytes(versions[i] + "\0"));
        }

        const int header = 64, sectionHeader = 64;
        byte[] file = new byte[header + 3 * sectionHeader + names.Length + definitions.Length];
        ReadOnlySpan<byte> start = [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        start.CopyTo(file);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(0x28), header);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(0x3A), sectionHeader);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(0x3C), 3);
        int at = header + 3 * sectionHeader;
        WriteSection(1, 3, names.ToArray());
        WriteSection(2, 0x6ffffffd, definitions);
        return file;

        void WriteSection(int index, uint type, byte[] content)
        {
            var section = file.AsSpan(header + index * sectionHeader, sectionHeader);
            BinaryPrimitives.WriteUInt32LittleEndian(section[4..], type);
            BinaryPrimitives.WriteInt64LittleEndian(section[0x18..], at);
            BinaryPrimitives.WriteInt64LittleEndian(section[0x20..], content.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(section[0x28..], 1);
            content.CopyTo(file, at);
            at += content.Length;
        }
    }

    private static string ThisFile([CallerFilePath] string file = "") => file;
}
