// The build task behind MLNet.PTuning.targets: lets TorchSharp's native library load where libstdc++ is older than GCC 13's, by one bit in a copy of it.
// It reads version needs and definitions of 64-bit little-endian ELF files (System V ABI; Linux Standard Base 5, section 10.7) and needs no package.
#nullable enable
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Microsoft.Build.Framework;

public class OlderLibStdCxx : Microsoft.Build.Utilities.Task
{
    const string Library = "libstdc++.so.6", Version = "GLIBCXX_3.4.32";

    /// <summary>TorchSharp's library as its package has it; it is only read.</summary>
    [Required] public string Source { get; set; } = "";

    /// <summary>Where the copy goes, if one is needed, and then finding.txt: in one line what was done, so that the next build need not look again.</summary>
    [Required] public string Folder { get; set; } = "";

    /// <summary>Folders in which the system keeps its libraries, in the order in which they are looked through.</summary>
    [Required] public string[] SystemFolders { get; set; } = { };

    public override bool Execute()
    {
        byte[]? copy = null;
        string finding;
        try { finding = Weaken(out copy); }
        catch (InvalidDataException exception) { finding = exception.Message + " TorchSharp's library is used as it is; if it does not load, reinstall that file's package."; }
        Directory.CreateDirectory(Folder);
        if (copy != null) Put(Path.GetFileName(Source), copy);
        bool isFirst = Put("finding.txt", Encoding.UTF8.GetBytes(finding + "\n"));
        if (isFirst && copy != null) Log.LogMessage(MessageImportance.High, "MLNet.PTuning: " + finding);
        else if (isFirst && finding != "") Log.LogWarning("MLNet.PTuning: " + finding);
        return true;
    }

    string Weaken(out byte[]? copy)
    {
        copy = null;
        string name = Path.GetFileName(Source);
        var library = ElfFile.Read(Source);
        var needs = library.Needs.Where(need => !need.IsWeak).ToList();
        var definitions = needs.Select(need => need.Library).Distinct().ToDictionary(needed => needed, DefinitionsOf);
        var missing = needs.Where(need => definitions[need.Library]?.Contains(need.Version) != true).ToList();
        if (missing.Count == 0) return "";

        var others = missing.Where(need => need.Library != Library || need.Version != Version)
            .Select(need => definitions[need.Library] == null ? need.Library : need.Version + " of " + need.Library).Distinct().ToList();
        if (others.Count > 0) return name + " needs what this system does not have, so TorchSharp will not load here: " + string.Join(", ", others) + ".";
        if (missing.Any(library.UsesSymbolsOf)) return name + " uses symbols of " + Version + ", which this system's " + Library + " lacks, so TorchSharp will not load here.";

        copy = library.WithWeak(missing);
        return name + " asks for " + Version + ", which this system's " + Library + " lacks and none of its code uses; "
            + "the output gets a copy that does without (AllowOlderLibStdCxx=false switches this off).";
    }

    // What the system's library of that name defines; null if there is none.
    HashSet<string>? DefinitionsOf(string library)
    {
        string? path = SystemFolders.Select(folder => Path.Combine(folder, library)).FirstOrDefault(File.Exists);
        return path == null ? null : ElfFile.Read(path).Definitions();
    }

    // Projects that are built at the same time may share the folder: the first one's file stays, and only that one says what was done.
    bool Put(string name, byte[] content)
    {
        string path = Path.Combine(Folder, name), beside = Path.Combine(Folder, Path.GetRandomFileName());
        File.WriteAllBytes(beside, content);
        try { File.Move(beside, path); }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(beside);
            return false;
        }
        return true;
    }
}

/// <summary>What a shared library asks of others and offers them by version.</summary>
public sealed class ElfFile
{
    const uint RelocationsType = 4, WithoutBytesType = 8, SymbolsType = 11, DefinitionsType = 0x6ffffffd, NeedsType = 0x6ffffffe, SymbolVersionsType = 0x6fffffff;
    const int WeakFlag = 2, IndexMask = 0x7FFF;

    readonly string path;
    readonly byte[] image;
    readonly List<Section> sections = new List<Section>();

    /// <exception cref="InvalidDataException">It is no such file, or is damaged.</exception>
    public static ElfFile Read(string path) => new ElfFile(path, File.ReadAllBytes(path));

    /// <param name="path">The file's path, for messages.</param>
    /// <param name="image">Its bytes.</param>
    /// <exception cref="InvalidDataException">It is no such file, or is damaged.</exception>
    public ElfFile(string path, byte[] image)
    {
        this.path = path;
        this.image = image;
        if (image.Length < 64 || UInt32(0) != 0x464C457F || image[4] != 2 || image[5] != 1)
            throw new InvalidDataException(path + " is not a 64-bit little-endian ELF file.");
        long at = Int64(0x28);
        int size = UInt16(0x3A), count = UInt16(0x3C);
        if (count == 0 || size < 64) throw Damaged("it has no section headers");
        if (at < 0 || at > image.Length - (long)size * count) throw Damaged("its section headers lie outside it");
        for (int i = 0; i < count; i++, at += size)
        {
            var section = new Section { Type = UInt32(at + 4), Start = Int64(at + 0x18), Length = Int64(at + 0x20), Link = UInt32(at + 0x28) };
            if (section.Type == WithoutBytesType) section.Start = section.Length = 0;
            if (section.Start < 0 || section.Length < 0 || section.Length > image.Length || section.Start > image.Length - section.Length)
                throw Damaged("section " + i + " lies outside it");
            sections.Add(section);
        }
        Needs = ReadNeeds();
    }

    /// <summary>Every version of a symbol that the file asks another library for.</summary>
    public IReadOnlyList<Need> Needs { get; }

    /// <summary>Every version that the file defines.</summary>
    public HashSet<string> Definitions()
    {
        var names = new HashSet<string>();
        foreach (var section in sections.Where(section => section.Type == DefinitionsType))
            foreach (long at in Chain(section, section.Start, nextField: 16))
                names.Add(Text(section, UInt32(at + UInt32(at + 12))));
        return names;
    }

    /// <summary>Whether the dynamic linker would have to find a symbol of that version: whether a relocation names one.</summary>
    public bool UsesSymbolsOf(Need need)
    {
        var versions = sections.FirstOrDefault(section => section.Type == SymbolVersionsType) ?? throw Damaged("it has no table of symbol versions");
        foreach (var section in sections.Where(section => section.Type == RelocationsType))
        {
            if (section.Link >= sections.Count || sections[(int)section.Link].Type != SymbolsType) continue;
            for (long at = section.Start; at + 24 <= section.Start + section.Length; at += 24)
            {
                long version = versions.Start + 2 * (long)UInt32(at + 12);
                if (version + 2 > versions.Start + versions.Length) throw Damaged("a relocation names a symbol that has no version");
                if ((UInt16(version) & IndexMask) == need.Index) return true;
            }
        }
        return false;
    }

    /// <summary>The file's bytes with the given needs marked weak: the dynamic linker then loads the file without them.</summary>
    public byte[] WithWeak(IEnumerable<Need> needs)
    {
        var copy = (byte[])image.Clone();
        foreach (var need in needs) copy[need.FlagsAt] |= WeakFlag;
        return copy;
    }

    List<Need> ReadNeeds()
    {
        var needs = new List<Need>();
        foreach (var section in sections.Where(section => section.Type == NeedsType))
            foreach (long file in Chain(section, section.Start, nextField: 12))
            {
                string library = Text(section, UInt32(file + 4));
                foreach (long at in Chain(section, file + UInt32(file + 8), nextField: 12))
                {
                    if (needs.Count == section.Length / 16) throw Damaged("its lists of versions run into each other");
                    needs.Add(new Need(library, Text(section, UInt32(at + 8)), at + 4, (UInt16(at + 4) & WeakFlag) != 0, UInt16(at + 6) & IndexMask));
                }
            }
        return needs;
    }

    // Offsets of the records of a list; each holds the distance to the next, 0 at the end, so that none is read twice.
    IEnumerable<long> Chain(Section section, long at, int nextField)
    {
        for (uint next = 1; section.Length > 0 && next != 0; at += next)
        {
            if (at < section.Start || at + nextField + 4 > section.Start + section.Length) throw Damaged("a list of versions leads outside its section");
            yield return at;
            next = UInt32(at + nextField);
        }
    }

    string Text(Section user, uint offset)
    {
        const int longest = 256;
        var strings = user.Link < sections.Count ? sections[(int)user.Link] : null;
        if (strings == null || offset >= strings.Length) throw Damaged("a version's name lies outside it");
        int start = (int)(strings.Start + offset);
        int end = Array.IndexOf(image, (byte)0, start, (int)Math.Min(longest, strings.Length - offset));
        if (end < 0) throw Damaged("a version's name has no end");
        return Encoding.ASCII.GetString(image, start, end - start);
    }

    int UInt16(long at) => BitConverter.ToUInt16(image, At(at, 2));
    uint UInt32(long at) => BitConverter.ToUInt32(image, At(at, 4));
    long Int64(long at) => BitConverter.ToInt64(image, At(at, 8));

    int At(long at, int length) => at >= 0 && at <= image.Length - length ? (int)at : throw Damaged("an offset leads outside it");

    InvalidDataException Damaged(string how) => new InvalidDataException(path + " is damaged: " + how + ".");

    sealed class Section
    {
        public uint Type, Link;
        public long Start, Length;
    }

    /// <summary>A version that a library must offer, with the offset of its flags in the file and the index by which symbols refer to it.</summary>
    public sealed class Need
    {
        public Need(string library, string version, long flagsAt, bool isWeak, int index)
        {
            Library = library;
            Version = version;
            FlagsAt = flagsAt;
            IsWeak = isWeak;
            Index = index;
        }

        public string Library { get; }
        public string Version { get; }
        public long FlagsAt { get; }
        public bool IsWeak { get; }
        public int Index { get; }
    }
}
