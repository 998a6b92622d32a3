// What a prompt's vectors begin as, and the word pieces that they begin as.
using System.Text.Json.Serialization;
using MLNet.PTuning.Backbones;
using MLNet.PTuning.Tuning;

namespace MLNet.PTuning
{
    /// <summary>What a prompt's vectors begin as: for a <see cref="SoftPrompt"/> embeddings of words, for a <see cref="DeepPrompt"/> the backbone's keys and values of them.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<PromptStart>))]
    public enum PromptStart
    {
        /// <summary>Word pieces drawn from the vocabulary.</summary>
        Vocabulary,

        /// <summary>Random numbers.</summary>
        Random,

        /// <summary>The word pieces of <c>StartText</c>, repeated or cut to the prompt's length.</summary>
        Text,

        /// <summary>The classes' names; what is left of the prompt is drawn from the vocabulary.</summary>
        ClassNames,

        /// <summary>The word pieces that are most frequent in the training rows; what is left of the prompt is drawn from the vocabulary.</summary>
        FrequentWords,
    }
}

namespace MLNet.PTuning.Tuning
{
    /// <summary>The words that a prompt begins as.</summary>
    /// <param name="start">Where they come from.</param>
    /// <param name="text">The text, where they come from one.</param>
    /// <param name="classNames">Names of the classes; null where they are not known.</param>
    /// <param name="frequentPieces">Gives the most frequent word pieces of the training rows, most frequent first; null where there are no rows.</param>
    internal sealed class StartWords(PromptStart start, string? text, IReadOnlyList<string>? classNames = null, Func<int[]>? frequentPieces = null)
    {
        /// <exception cref="ArgumentException">There is no such start, or its text is missing.</exception>
        public static void Validate(PromptStart start, string? text)
        {
            if (!Enum.IsDefined(start)) throw new ArgumentOutOfRangeException("Start", start, "There is no such start.");
            if (start == PromptStart.Text && string.IsNullOrWhiteSpace(text)) throw new ArgumentException("A prompt that begins as a text needs StartText.");
        }

        /// <summary>The word pieces of each of <paramref name="count"/> words; of a text, and of the training rows, one piece each.</summary>
        /// <exception cref="ArgumentException">The text has no word pieces, or what the words come from is not known.</exception>
        public IEnumerable<int[]> Take(int count, FrozenBackbone backbone, long seed)
        {
            var tokenizer = backbone.Tokenizer;
            if (start == PromptStart.Text)
            {
                var pieces = tokenizer.Pieces(text);
                if (pieces.Count == 0) throw new ArgumentException($"StartText '{text}' has no word pieces; give words.");
                return Enumerable.Range(0, count).Select(i => new[] { pieces[i % pieces.Count].Id });
            }
            IEnumerable<int[]> words = start switch
            {
                PromptStart.ClassNames => (classNames ?? throw new ArgumentException("The classes' names are not known here; let the prompt begin as a text, or as words of the vocabulary."))
                    .Select(name => tokenizer.Pieces(name).Select(p => p.Id).ToArray()).Where(pieces => pieces.Length > 0),
                PromptStart.FrequentWords => (frequentPieces ?? throw new ArgumentException("There are no training rows here; let the prompt begin as a text, or as words of the vocabulary."))()
                    .Except(Special(backbone)).Select(id => new[] { id }),
                _ => [],
            };
            return words.Concat(Drawn(backbone, seed)).Take(count);
        }

        private static IEnumerable<int[]> Drawn(FrozenBackbone backbone, long seed)
        {
            var random = new Random((int)seed);
            var special = Special(backbone);
            while (true)
            {
                int id = random.Next(Math.Min(backbone.Tokenizer.VocabularySize, backbone.Config.VocabSize));
                if (!special.Contains(id)) yield return [id];
            }
        }

        private static HashSet<int> Special(FrozenBackbone backbone)
        {
            var tokenizer = backbone.Tokenizer;
            return [.. tokenizer.Encode("", "", tokenizer.SpecialCount(true)).Ids, tokenizer.PadId, tokenizer.MaskId ?? tokenizer.PadId];
        }
    }
}
