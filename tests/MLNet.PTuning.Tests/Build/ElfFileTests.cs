// The reader of ELF files in build/: what it says of TorchSharp's library, and that damage never makes it fail in another way than it says.
using System.Buffers.Binary;
using System.Numerics;
using MLNet.PTuning.Tests.Files;

namespace MLNet.PTuning.Tests.Build;

public sealed class ElfFileTests
{
    private static readonly byte[] s_genuine = File.ReadAllBytes(TorchSharpLibrary.Path);

    // What docs/older-linux.md says.
    [Fact]
    public void TorchSharps_library_needs_no_more_than_GCC_12_and_glibc_2_34_but_for_one_version()
    {
        var newest = new Dictionary<string, Version> { ["GLIBCXX"] = new(3, 4, 30), ["CXXABI"] = new(1, 3, 13), ["GLIBC"] = new(2, 34), ["GCC"] = new(3, 0) };
        var needs = Read(s_genuine).Needs;
        Assert.Equal(28, needs.Count);
        Assert.All(needs, need => Assert.False(need.IsWeak));
        Assert.Equal(["ld-linux-x86-64.so.2", "libc.so.6", "libgcc_s.so.1", "libm.so.6", "libstdc++.so.6"], needs.Select(need => need.Library).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal([TorchSharpLibrary.UnusedVersion], needs.Where(need => Number(need) > newest[need.Version.Split('_')[0]]).Select(need => need.Version));
        foreach ((string family, Version version) in newest) Assert.Equal(version, needs.Where(need => need.Version.StartsWith(family + "_") && need.Version != TorchSharpLibrary.UnusedVersion).Max(Number));

        static Version Number(ElfFile.Need need) => Version.Parse(need.Version.Split('_')[1]);
    }

    [Fact]
    public void TorchSharps_library_uses_symbols_of_every_version_that_it_needs_but_one()
    {
        var library = Read(s_genuine);
        Assert.Equal([TorchSharpLibrary.UnusedVersion], library.Needs.Where(need => !library.UsesSymbolsOf(need)).Select(need => need.Version));
    }

    [Fact]
    public void A_weakened_copy_differs_in_one_bit_and_reads_the_same_otherwise()
    {
        var library = Read(s_genuine);
        var unused = library.Needs.Where(need => need.Version == TorchSharpLibrary.UnusedVersion).ToList();
        byte[] weakened = library.WithWeak(unused);
        Assert.Equal(s_genuine.Length, weakened.Length);
        Assert.Equal(1, s_genuine.Zip(weakened, (a, b) => BitOperations.PopCount((uint)(a ^ b))).Sum());
        Assert.Equal(library.Needs.Select(need => (need.Library, need.Version, need.Index, need.Version == TorchSharpLibrary.UnusedVersion)),
            Read(weakened).Needs.Select(need => (need.Library, need.Version, need.Index, need.IsWeak)));
    }

    [Fact]
    public void Definitions_are_all_that_a_library_defines()
    {
        Assert.Equal(["GLIBCXX_3.4", "GLIBCXX_3.4.30", "A"], Read(TorchSharpLibrary.Defining("GLIBCXX_3.4", "GLIBCXX_3.4.30", "A")).Definitions());
        Assert.Empty(Read(TorchSharpLibrary.Defining()).Definitions());
        Assert.Empty(Read(s_genuine).Definitions());
    }

    [Fact]
    public void Damaged_definitions_are_read_or_refused_with_a_clear_error() =>
        Mutations.AllLoadOrFailCleanly("definitions", TorchSharpLibrary.Defining("GLIBCXX_3.4", "GLIBCXX_3.4.30", "CXXABI_1.3"), 3000, ReadAll);

    [Fact]
    public void A_library_cut_anywhere_is_refused_with_a_clear_error()
    {
        int[] lengths = [.. Enumerable.Range(0, 70), .. Enumerable.Range(1, 200).Select(i => (int)((long)s_genuine.Length * i / 201)), .. Enumerable.Range(1, 70).Select(i => s_genuine.Length - i)];
        foreach (int length in lengths) Assert.Contains("cut.so is ", Assert.Throws<InvalidDataException>(() => new ElfFile("cut.so", s_genuine[..length])).Message);
    }

    // Every field of 4 bytes of the header, of the section headers and of the lists of versions takes every absurd value.
    [Fact]
    public void Absurd_fields_are_read_or_refused_with_a_clear_error()
    {
        var damaged = new DamagedInPlace();
        foreach ((int start, int end) in new[] { (0, 64), damaged.SectionHeaders, damaged.Section(0x6ffffffe) })
            for (int at = start; at < end; at += 4)
                foreach (int value in new[] { 0, -1, int.MaxValue, s_genuine.Length })
                    damaged.Try(at, BitConverter.GetBytes(value));
        Assert.True(damaged.Tried > 2000 && damaged.Refused > damaged.Tried / 10, $"{damaged.Refused} of {damaged.Tried} were refused");
    }

    // Symbols, names, versions and relocations are each hit as often as the headers.
    [Fact]
    public void Flipped_bits_are_read_or_refused_with_a_clear_error()
    {
        var damaged = new DamagedInPlace();
        var random = new Random(1);
        (int Start, int End)[] tables = [(0, 64), damaged.SectionHeaders, damaged.Section(11), damaged.Section(3), damaged.Section(0x6fffffff), damaged.Section(0x6ffffffe), damaged.Section(4)];
        for (int i = 0; i < 3000; i++)
        {
            var table = tables[i % tables.Length];
            int at = random.Next(table.Start, table.End);
            damaged.Try(at, (byte)(s_genuine[at] ^ 1 << random.Next(8)));
        }
        Assert.True(damaged.Refused > damaged.Tried / 20, $"{damaged.Refused} of {damaged.Tried} were refused");
    }

    private static ElfFile Read(byte[] image) => new("lib.so", image);

    private static void ReadAll(byte[] image)
    {
        var file = Read(image);
        foreach (var need in file.Needs)
        {
            _ = file.UsesSymbolsOf(need);
            Assert.InRange(need.FlagsAt, 0, image.Length - 1);
        }
        _ = file.Definitions();
    }

    // One copy of TorchSharp's library, damaged and mended again and again.
    private sealed class DamagedInPlace
    {
        private readonly byte[] _image = [.. s_genuine];

        public int Tried { get; private set; }
        public int Refused { get; private set; }

        public (int Start, int End) SectionHeaders
        {
            get
            {
                int start = (int)BinaryPrimitives.ReadInt64LittleEndian(_image.AsSpan(0x28));
                return (start, start + 64 * BinaryPrimitives.ReadUInt16LittleEndian(_image.AsSpan(0x3C)));
            }
        }

        /// <summary>Where the first section of a type lies.</summary>
        public (int Start, int End) Section(uint type)
        {
            int header = SectionHeaders.Start;
            while (BinaryPrimitives.ReadUInt32LittleEndian(_image.AsSpan(header + 4)) != type) header += 64;
            int start = (int)BinaryPrimitives.ReadInt64LittleEndian(_image.AsSpan(header + 0x18));
            return (start, start + (int)BinaryPrimitives.ReadInt64LittleEndian(_image.AsSpan(header + 0x20)));
        }

        public void Try(int at, params byte[] bytes)
        {
            bytes.CopyTo(_image, at);
            Tried++;
            try
            {
                ReadAll(_image);
            }
            catch (InvalidDataException)
            {
                Refused++;
            }
            s_genuine.AsSpan(at, bytes.Length).CopyTo(_image.AsSpan(at));
        }
    }
}
