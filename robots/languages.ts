/** Languages whose stop words a robot can be told to heed, by ISO 639-1 codes; without a word: all of them. */
export const ROBOT_LANGUAGES = ['en', 'zh', 'de'] as const
