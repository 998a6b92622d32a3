// The build task behind MLNet.PTuning.targets: lets TorchSharp's native library load where libstdc++ is older than GCC 13's, by one bit in a copy of it.
// It reads version needs and definitions of 64-bit little-endian ELF files (System V ABI; Linux Standard Base 5, section 10.7) and needs no package.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

public class OlderLibStdCxx : Microsoft.Build.Utilities.Task
{
    const string Library = "libstdc++.so.6", Version = "GLIBCXX_3.4.32";

    /// <summary>TorchSharp's library as its package has it; it is only read.</summary>
    [Microsoft.Build.Framework.Required] public string Source { get; set; }

    /// <summary>Where the copy goes, if one is needed.</summary>
    [Microsoft.Build.Framework.Required] public string Destination { get; set; }

    /// <summary>Where what was found is written, one line, so that the next build need not look again.</summary>
    [Microsoft.Build.Framework.Required] public string Finding { get; set; }

    /// <summary>Folders in which the system keeps its libraries, in the order in which they are looked through.</summary>
    [Microsoft.Build.Framework.Required] public string[] SystemFolders { get; set; }

    public override bool Execute()
    {
        File.Delete(Destination);
        string finding;
        try { finding = Weaken(); }
        catch (InvalidDataException exception) { finding = exception.Message + " It is used as it is."; }
        if (finding != "") Log.LogMessage(Microsoft.Build.Framework.MessageImportance.High, "MLNet.PTuning: " + finding);
        File.WriteAllText(Finding, finding + "\n");
        return true;
    }

    string Weaken()
    {
        var library = new ElfFile(Source);
        var definitions = new Dictionary<string, HashSet<string>>();
        var missing = new List<ElfFile.Need>();
        foreach (var need in library.Needs.Where(need => !need.IsWeak))
        {
            if (!definitions.TryGetValue(need.Library, out var defined)) definitions[need.Library] = defined = DefinitionsOf(need.Library);
            if (!defined.Contains(need.Version)) missing.Add(need);
        }
        if (missing.Count == 0) return "";

        string name = Path.GetFileName(Source);
        var others = missing.Where(need => need.Library != Library || need.Version != Version).ToList();
        if (others.Count > 0)
            return name + " needs what this system does not have, so TorchSharp will not load: " + string.Join(", ", others.Select(need => need.Version + " of " + need.Library)) + ".";
        if (missing.Any(need => library.UsesSymbolsOf(need)))
            return name + " uses symbols of " + Version + ", which this system's " + Library + " lacks, so TorchSharp will not load.";

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(Destination)));
        File.WriteAllBytes(Destination, library.WithWeak(missing));
        return name + " asks for " + Version + ", which this system's " + Library + " lacks and none of its code uses; "
            + "the output gets a copy that does without (AllowOlderLibStdCxx=false switches this off).";
    }

    HashSet<string> DefinitionsOf(string library)
    {
        string path = SystemFolders.Select(folder => Path.Combine(folder, library)).FirstOrDefault(File.Exists);
        return path == null ? new HashSet<string>() : new ElfFile(path).Definitions();
    }
}

/// <summary>What a shared library asks of others and offers them by version.</summary>
public sealed class ElfFile
{
    const uint RelocationsType = 4, SymbolsType = 11, DefinitionsType = 0x6ffffffd, NeedsType = 0x6ffffffe, SymbolVersionsType = 0x6fffffff;
    const int WeakFlag = 2;

    readonly string path;
    readonly byte[] image;
    readonly List<Section> sections = new List<Section>();

    /// <exception cref="InvalidDataException">It is no such file, or is damaged.</exception>
    public ElfFile(string path)
    {
        this.path = path;
        image = File.ReadAllBytes(path);
        if (image.Length < 64 || UInt32(0) != 0x464C457F || image[4] != 2 || image[5] != 1)
            throw new InvalidDataException(path + " is not a 64-bit little-endian ELF file.");
        long at = Int64(0x28);
        int size = UInt16(0x3A), count = UInt16(0x3C);
        if (count > 0 && size < 64) throw Damaged("its section headers");
        for (int i = 0; i < count; i++, at += size)
        {
            var section = new Section { Type = UInt32(at + 4), Start = Int64(at + 0x18), Length = Int64(at + 0x20), Link = UInt32(at + 0x28) };
            // A section without bytes of its own in the file (SHT_NOBITS) may have any extent.
            if (section.Type != 8 && (section.Start < 0 || section.Length < 0 || section.Length > image.Length || section.Start > image.Length - section.Length))
                throw Damaged("section " + i);
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
        var versions = sections.FirstOrDefault(section => section.Type == SymbolVersionsType);
        if (versions == null) throw Damaged("its table of symbol versions, which is missing,");
        foreach (var section in sections.Where(section => section.Type == RelocationsType))
        {
            if (section.Link >= sections.Count || sections[(int)section.Link].Type != SymbolsType) continue;
            for (long at = section.Start; at + 24 <= section.Start + section.Length; at += 24)
            {
                long version = versions.Start + 2 * (long)UInt32(at + 12);
                if (version + 2 > versions.Start + versions.Length) throw Damaged("a relocation");
                if ((UInt16(version) & 0x7FFF) == need.Index) return true;
            }
        }
        return false;
    }

    /// <summary>The file's bytes with the given needs marked weak: the dynamic linker goes on without them.</summary>
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
                    needs.Add(new Need
                    {
                        Library = library,
                        Version = Text(section, UInt32(at + 8)),
                        FlagsAt = at + 4,
                        IsWeak = (UInt16(at + 4) & WeakFlag) != 0,
                        Index = UInt16(at + 6),
                    });
            }
        return needs;
    }

    // Offsets of the records of a list; each says how far on the next one stands, 0 at the end, so that none is met twice.
    IEnumerable<long> Chain(Section section, long at, int nextField)
    {
        for (uint next = 1; section.Length > 0 && next != 0; at += next)
        {
            if (at < section.Start || at + nextField + 4 > section.Start + section.Length) throw Damaged("a table of versions");
            yield return at;
            next = UInt32(at + nextField);
        }
    }

    string Text(Section user, uint offset)
    {
        var strings = user.Link < sections.Count ? sections[(int)user.Link] : null;
        if (strings == null || offset >= strings.Length) throw Damaged("a name of a version");
        long start = strings.Start + offset;
        int end = Array.IndexOf(image, (byte)0, checked((int)start), checked((int)(strings.Length - offset)));
        if (end < 0) throw Damaged("a name of a version");
        return Encoding.ASCII.GetString(image, (int)start, end - (int)start);
    }

    int UInt16(long at) => BitConverter.ToUInt16(image, At(at, 2));
    uint UInt32(long at) => BitConverter.ToUInt32(image, At(at, 4));
    long Int64(long at) => BitConverter.ToInt64(image, At(at, 8));

    int At(long at, int length) => at >= 0 && at <= image.Length - length ? (int)at : throw Damaged("an offset");

    InvalidDataException Damaged(string what) => new InvalidDataException(path + " is damaged: " + what + " leads outside the file; restore the package again.");

    sealed class Section
    {
        public uint Type, Link;
        public long Start, Length;
    }

    /// <summary>A version that a library must offer, with the place of its flags in the file and the index by which symbols refer to it.</summary>
    public sealed class Need
    {
        public string Library, Version;
        public long FlagsAt;
        public bool IsWeak;
        public int Index;
    }
}
