/** The languages whose stop words a robot may understand, by ISO 639-1 codes. Default: all of them. */
export const ROBOT_LANGUAGES = ['en', 'zh', 'de'] as const
