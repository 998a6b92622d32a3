// 2,000 damaged data files: each is refused in one sentence, or read as an independent reader of its form reads it.
using System.Text;
using System.Text.Json;
using MLNet.PTuning.Tests.Backbones;
using MLNet.PTuning.Tests.Files;
using MLNet.PTuning.Tool;
using MLNet.PTuning.Tool.Data;
using MLNet.PTuning.Tool.Run;

namespace MLNet.PTuning.Tests.Tool;

public sealed class DamagedDataTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TinyBackbone _backbone = new();

    [Theory]
    [InlineData("csv", 600)]
    [InlineData("tsv", 500)]
    [InlineData("jsonl", 500)]
    [InlineData("conll", 200)]
    [InlineData("json", 200)]
    public void Damaged_files_are_refused_in_one_sentence_or_read_rightly(string form, int count)
    {
        byte[] original = Encoding.UTF8.GetBytes(Original(form));
        var task = form switch { "conll" => TaskKind.Label, "json" => TaskKind.Answer, _ => TaskKind.Classify };
        string path = _folder.At("rows." + form);
        int refused = 0;
        for (int copy = 0; copy < count; copy++)
        {
            var (how, bytes) = Damage(original, form, new Random(copy));
            File.WriteAllBytes(path, bytes);
            var run = CommandLine.Run("train", task.ToString().ToLowerInvariant(), path, "--backbone", _backbone.Path, "-o", _folder.At("out"), "--dry-run", "--json");
            string what = $"{form}, copy {copy} ({how}), exit code {run.ExitCode}: {run.Error}";
            Assert.True(run.ExitCode is ExitCodes.Done or ExitCodes.BadInput, what);
            if (run.ExitCode == ExitCodes.BadInput)
            {
                refused++;
                string sentence = run.Json.GetProperty("error").GetString()!;
                Assert.True(sentence.Contains(path) && sentence.EndsWith('.') && !sentence.Contains('\n') && !run.Error.Contains("   at "), what);
            }
            else if (task == TaskKind.Classify) AssertReadRightly(path, what);
        }
        Assert.Equal(["rows." + form], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
        Assert.InRange(refused, count / 10, count * 9 / 10);
    }

    public void Dispose()
    {
        _folder.Dispose();
        _backbone.Dispose();
    }

    private static void AssertReadRightly(string path, string what)
    {
        var file = RowFile.Open(path, TaskKind.Classify, new ReadingOptions());
        var read = file.Read().Select(row => string.Join('\u241F', row.Fields.Select(field => field.Text))).ToList();
        using var reader = new StreamReader(path, Encoding.GetEncoding(file.Description.Encoding), detectEncodingFromByteOrderMarks: true);
        var expected = file.Description.Form == FileForm.JsonLines ? Objects(reader, file.Description.Columns)
            : ReferenceCsv.Records(reader.ReadToEnd(), file.Description.Delimiter, quotes: !((DelimitedFile)file).QuotesAreText).Skip(file.Description.HasHeader ? 1 : 0);
        Assert.True(read.SequenceEqual(expected.Select(fields => string.Join('\u241F', fields))), what);
    }

    private static IEnumerable<IEnumerable<string?>> Objects(StreamReader reader, IReadOnlyList<string> columns) =>
        reader.ReadToEnd().Split('\n').Where(line => !string.IsNullOrWhiteSpace(line)).Select(line =>
        {
            using var json = JsonDocument.Parse(line);
            // The last of several fields of one name counts, as everywhere in .NET.
            return columns.Select(column => json.RootElement.TryGetProperty(column, out var value) ? value.ValueKind switch { JsonValueKind.String => value.GetString(), JsonValueKind.Null => null, _ => value.GetRawText() } : null).ToList();
        });

    private static string Original(string form)
    {
        var rows = DataFiles.Rows(40).Select((row, i) => (Text: i % 5 == 0 ? $"{row.Text}, \"so\" – café 你好\nand {i}" : row.Text + " " + i, row.Label)).ToList();
        return form switch
        {
            "csv" => "label,text\n" + string.Concat(rows.Select(row => $"{row.Label},\"{row.Text.Replace("\"", "\"\"")}\"\n")),
            "tsv" => "label\ttext\n" + string.Concat(rows.Select(row => $"{row.Label}\t{row.Text.Replace('\n', ' ')}\n")),
            "jsonl" => string.Concat(rows.Select(row => JsonSerializer.Serialize(new { text = row.Text, label = row.Label }) + "\n")),
            "conll" => DataFiles.Conll(30),
            _ => JsonSerializer.Serialize(new
            {
                version = "1.1",
                data = new[] { new { title = "t", paragraphs = rows.Take(10).Select((row, i) => new { context = row.Text, qas = new[] { new { id = $"q{i}", question = "is it", answers = new[] { new { text = row.Text[..3].Trim(), answer_start = 0 } } } } }) } },
            }),
        };
    }

    private static (string How, byte[] Bytes) Damage(byte[] original, string form, Random random)
    {
        byte[] bytes = [.. original];
        int at = random.Next(bytes.Length), end = Math.Min(bytes.Length, at + 1 + random.Next(64));
        string text = Encoding.UTF8.GetString(original);
        switch (random.Next(14))
        {
            case 0: return ($"cut at byte {at}", bytes[..at]);
            case 1:
                bytes[at] ^= (byte)(1 << random.Next(8));
                return ($"a bit of byte {at} flipped", bytes);
            case 2:
                for (int i = 0; i < 8; i++) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return ("eight bits flipped", bytes);
            case 3: return ($"bytes {at} to {end} removed", [.. bytes[..at], .. bytes[end..]]);
            case 4: return ($"bytes {at} to {end} repeated", [.. bytes[..end], .. bytes[at..]]);
            case 5:
                bytes[at] = 0;
                return ($"byte {at} is 0", bytes);
            case 6: return ("a quote put in", [.. bytes[..at], (byte)'"', .. bytes[at..]]);
            case 7:
                char other = ";\t|,"[random.Next(4)];
                string[] lines = text.Split('\n');
                int from = random.Next(2) * random.Next(lines.Length);
                for (int i = from; i < lines.Length; i++) lines[i] = lines[i].Replace(form == "csv" ? ',' : '\t', other);
                return ($"'{other}' as delimiter from line {from + 1}", Encoding.UTF8.GetBytes(string.Join('\n', lines)));
            case 8:
                Encoding encoding = random.Next(4) switch { 0 => Encoding.Unicode, 1 => Encoding.BigEndianUnicode, 2 => Encoding.UTF32, _ => Encoding.UTF8 };
                bool hasMark = random.Next(2) == 0;
                return ($"{encoding.WebName}{(hasMark ? " with" : " without")} a mark", [.. hasMark ? encoding.GetPreamble() : [], .. encoding.GetBytes(text)]);
            case 9: return ("Latin-1", Encoding.Latin1.GetBytes(text));
            case 10: return ("other line ends", Encoding.UTF8.GetBytes(text.Replace("\n", random.Next(2) == 0 ? "\r\n" : "\r")));
            case 11: return ("a delimiter put in", [.. bytes[..at], (byte)(form == "csv" ? ',' : '\t'), .. bytes[at..]]);
            case 12: return ("a line end put in", [.. bytes[..at], (byte)'\n', .. bytes[at..]]);
            default:
                byte[] noise = new byte[end - at];
                random.NextBytes(noise);
                noise.CopyTo(bytes, at);
                return ($"noise from byte {at} to {end}", bytes);
        }
    }
}
