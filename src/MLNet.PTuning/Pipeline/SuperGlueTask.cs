// The tasks and files of SuperGLUE.
namespace MLNet.PTuning;

/// <summary>A task of SuperGLUE (Wang et al., 2019), as it is published at super.gluebenchmark.com.</summary>
public enum SuperGlueTask
{
    /// <summary>BoolQ: whether the answer to a question about a passage is yes.</summary>
    BoolQ,
    /// <summary>CB, CommitmentBank: whether a text entails a clause of it, contradicts it, or neither.</summary>
    Cb,
    /// <summary>COPA: which of two sentences is the cause or the effect of a third.</summary>
    Copa,
    /// <summary>MultiRC: which of the answers to a question about a paragraph are right; any number of them may be.</summary>
    MultiRc,
    /// <summary>RTE: whether a text entails a sentence.</summary>
    Rte,
    /// <summary>ReCoRD: which of the entities of a news article a sentence about it leaves out.</summary>
    Record,
    /// <summary>WSC, the Winograd schema challenge: whether a pronoun refers to a given noun phrase.</summary>
    Wsc,
    /// <summary>WiC: whether a word has the same sense in two sentences.</summary>
    Wic,
}

/// <summary>A file of a task of SuperGLUE.</summary>
public enum SuperGlueSplit
{
    /// <summary>train.jsonl: the rows to train on.</summary>
    Train,
    /// <summary>val.jsonl: the labeled rows to evaluate on.</summary>
    Validation,
    /// <summary>test.jsonl, whose rows have no labels. A file with labels may have this name too.</summary>
    Test,
}
