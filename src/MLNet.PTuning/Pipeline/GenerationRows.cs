// Reads texts with their targets from a data view, and makes examples of them.
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tasks;

namespace MLNet.PTuning.Pipeline;

/// <summary>A text with its target.</summary>
/// <param name="Text">The text.</param>
/// <param name="Target">What is to be written after it.</param>
/// <param name="Number">The row's number, from 1.</param>
internal sealed record TargetRow(string Text, string Target, long Number);

/// <summary>Training and validation rows of writing.</summary>
internal static class GenerationRows
{
    /// <summary>Reads all rows.</summary>
    /// <exception cref="ArgumentException">A column is absent or no text.</exception>
    public static List<TargetRow> Read(IDataView data, TextColumns columns, string targetName)
    {
        var texts = new TextColumns(columns.Text, targetName);
        using var cursor = data.GetRowCursor(texts.Find(data.Schema));
        var read = texts.Reader(cursor);
        var rows = new List<TargetRow>();
        while (cursor.MoveNext())
        {
            var (text, target, _) = read();
            rows.Add(new TargetRow(text, target!, cursor.Position + 1));
        }
        return rows;
    }

    /// <summary>Tokenizes rows.</summary>
    /// <exception cref="ArgumentException">A row has no target.</exception>
    public static List<Example> Encode(IReadOnlyList<TargetRow> rows, FrozenBackbone backbone, TextGeneration task, RowLimit limit, TrainingChannel channel)
    {
        var encoded = TokenizedRows.Of(channel.Ranks, rows, row =>
        {
            var (example, length, isTargetCut) = task.Example(row.Text, row.Target, row.Number);
            return new TokenizedRow(length, IsMarked: isTargetCut, [example]);
        });
        int longest = encoded.Select(e => e.Length).DefaultIfEmpty(0).Max(), cut = encoded.Count(e => e.Length > limit.Length && !e.IsMarked), targets = encoded.Count(e => e.IsMarked), empty = rows.Count(row => string.IsNullOrWhiteSpace(row.Text));
        limit.Check(longest);
        if (empty > 0) channel.Warn($"{empty} of {rows.Count} rows have no text before their target.");
        if (cut > 0) channel.Warn($"{cut} of {rows.Count} rows are longer than {limit.Length} word pieces with their target (the longest has {longest}): their texts were cut at the start.");
        if (targets > 0) channel.Warn($"{targets} of {rows.Count} targets are longer than {task.MostNewTokens} word pieces and were cut at their end; such rows do not teach where to end.");
        List<Example> examples = [.. encoded.Select(e => e.Example)];
        UnknownPieces.Warn(channel, backbone.Tokenizer, examples, rows.SelectMany(row => new[] { row.Text, row.Target }), backbone.Tokenizer.SpecialCount(pair: false));
        return examples;
    }

    /// <summary>Scores generated texts.</summary>
    /// <exception cref="ArgumentException">A column is missing or no text, a row has no target, or there are no rows.</exception>
    public static GeneratedTextMetrics Evaluate(IDataView data, string targetName, string generatedName)
    {
        var target = AnswerEvaluation.TextsColumn(data.Schema, targetName, "targets");
        var generated = new TextColumns(generatedName, null);
        using var cursor = data.GetRowCursor(generated.Find(data.Schema).Append(target));
        var targets = AnswerRows.Answers(cursor, target);
        var text = generated.Reader(cursor);
        var texts = new List<(IReadOnlyList<string>, string)>();
        while (cursor.MoveNext())
        {
            string[] ofRow = [.. targets().Where(t => t.Length > 0)];
            if (ofRow.Length == 0) throw new ArgumentException($"Row {cursor.Position + 1} has no target in '{targetName}' to compare with. Leave such rows out before the evaluation.");
            texts.Add((ofRow, text().Text));
        }
        return texts.Count > 0 ? GeneratedTextMetrics.Of(texts) : throw new ArgumentException("There are no rows to evaluate.");
    }

    /// <summary>The end tokens of a backbone that is to be trained.</summary>
    /// <exception cref="NotSupportedException">It is an encoder.</exception>
    /// <exception cref="InvalidDataException">It names none.</exception>
    public static IReadOnlyList<int> EndsOf(FrozenBackbone backbone)
    {
        backbone.RequireDecoder();
        return EndTokens.Of(backbone.Folder, backbone.Config.VocabSize) is { Count: > 0 } ends ? ends : throw new InvalidDataException(
            $"{backbone.Folder.Path}: neither generation_config.json nor config.json names an end token (eos_token_id), so a model could not be taught where to end. Add the id of the vocabulary's end token to config.json.");
    }

    /// <exception cref="ArgumentException">What is written does not fit the backbone's positions.</exception>
    public static void CheckRoom(TextGeneration task, GenerationSettings settings)
    {
        if (settings.MaxNewTokens > task.MostNewTokens)
            throw new ArgumentException($"MaxNewTokens {settings.MaxNewTokens} leaves no room for a text: a row has room for {task.MostNewTokens} new tokens beside the prompt, the special tokens and one word piece. Lower MaxNewTokens, shorten the prompt, or raise MaxSequenceLength.", nameof(settings.MaxNewTokens));
    }
}
