// The build task behind Publicize.targets: writes a copy of a managed assembly in which internal members are public.
// It flips the visibility bits in the ECMA-335 tables TypeDef, Field and MethodDef (II.22.37, II.22.15, II.22.26) and needs no package.
using System;
using System.IO;
using System.Linq;

public class PublicizeAssembly : Microsoft.Build.Utilities.Task
{
    const int Module = 0x00, TypeRef = 0x01, TypeDef = 0x02, FieldPtr = 0x03, Field = 0x04, MethodPtr = 0x05, MethodDef = 0x06,
        Param = 0x08, ModuleRef = 0x1A, TypeSpec = 0x1B, AssemblyRef = 0x23;

    [Microsoft.Build.Framework.Required] public string Source { get; set; }
    [Microsoft.Build.Framework.Required] public string Destination { get; set; }

    public override bool Execute()
    {
        byte[] image = File.ReadAllBytes(Source);
        Publicize(image);
        File.WriteAllBytes(Destination, image);
        return true;
    }

    static void Publicize(byte[] image)
    {
        int tables = FindTables(image);
        int heapSizes = image[tables + 6];
        ulong present = BitConverter.ToUInt64(image, tables + 8);
        int[] rows = new int[64];
        int at = tables + 24;
        for (int table = 0; table < 64; table++)
            if ((present >> table & 1) != 0) { rows[table] = Int32(image, at); at += 4; }
        if ((heapSizes & 0x40) != 0) at += 4;

        int strings = (heapSizes & 1) != 0 ? 4 : 2, guids = (heapSizes & 2) != 0 ? 4 : 2, blobs = (heapSizes & 4) != 0 ? 4 : 2;
        Func<int, int> index = table => rows[table] > 0xFFFF ? 4 : 2;
        Func<int, int[], int> codedIndex = (tagBits, targets) => targets.Max(table => rows[table]) >= 1 << (16 - tagBits) ? 4 : 2;
        int moduleSize = 2 + strings + 3 * guids;
        int typeRefSize = codedIndex(2, new[] { Module, ModuleRef, AssemblyRef, TypeRef }) + 2 * strings;
        int typeDefSize = 4 + 2 * strings + codedIndex(2, new[] { TypeDef, TypeRef, TypeSpec }) + index(Field) + index(MethodDef);
        int fieldSize = 2 + strings + blobs, methodSize = 8 + strings + blobs + index(Param);

        at += rows[Module] * moduleSize + rows[TypeRef] * typeRefSize;
        for (int i = 0; i < rows[TypeDef]; i++, at += typeDefSize) PublicizeType(image, at);
        at += rows[FieldPtr] * index(Field);
        for (int i = 0; i < rows[Field]; i++, at += fieldSize) PublicizeMember(image, at);
        at += rows[MethodPtr] * index(MethodDef);
        for (int i = 0; i < rows[MethodDef]; i++, at += methodSize) PublicizeMember(image, at + 6);
    }

    // The offset of the metadata tables' stream "#~".
    static int FindTables(byte[] image)
    {
        int pe = Int32(image, 0x3C), sectionCount = UInt16(image, pe + 6), optional = pe + 24;
        int directories = optional + (UInt16(image, optional) == 0x20B ? 112 : 96);
        int sections = optional + UInt16(image, pe + 20);
        Func<int, int> fileOffset = address =>
        {
            for (int i = 0; i < sectionCount; i++)
            {
                int section = sections + 40 * i, start = Int32(image, section + 12);
                int size = Math.Max(Int32(image, section + 8), Int32(image, section + 16));
                if (address >= start && address < start + size) return address - start + Int32(image, section + 20);
            }
            throw new BadImageFormatException();
        };
        int metadata = fileOffset(Int32(image, fileOffset(Int32(image, directories + 14 * 8)) + 8));
        int at = metadata + 16 + Int32(image, metadata + 12);
        int streams = UInt16(image, at + 2);
        at += 4;
        for (int i = 0; i < streams; i++)
        {
            int name = at + 8, end = Array.IndexOf(image, (byte)0, name);
            if (end - name == 2 && image[name] == '#' && image[name + 1] == '~') return metadata + Int32(image, at);
            at = name + ((end - name + 4) & ~3);
        }
        throw new BadImageFormatException();
    }

    static void PublicizeType(byte[] image, int at)
    {
        int visibility = image[at] & 7;
        int publicized = visibility switch
        {
            0 => 1, // NotPublic → Public
            5 or 7 => 2, // NestedAssembly, NestedFamORAssem → NestedPublic
            6 => 4, // NestedFamANDAssem → NestedFamily
            _ => visibility,
        };
        image[at] = (byte)(image[at] & ~7 | publicized);
    }

    static void PublicizeMember(byte[] image, int at)
    {
        int visibility = image[at] & 7;
        if (visibility == 3) image[at] = (byte)(image[at] & ~7 | 6); // Assembly → Public
        else if (visibility == 2) image[at] = (byte)(image[at] & ~7 | 4); // FamANDAssem → Family
    }

    static int UInt16(byte[] image, int at) => BitConverter.ToUInt16(image, at);
    static int Int32(byte[] image, int at) => BitConverter.ToInt32(image, at);
}
